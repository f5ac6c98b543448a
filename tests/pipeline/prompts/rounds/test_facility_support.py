"""A round on facility-support: failures of form by their cause, two ways to repair them, and the effect of each on its group.

Data: meta-llama/llama-prompt-ops, MIT. The answers are scripted: they say nothing of a real model.
"""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from pipeline.decide.errors import group_failures
from pipeline.metrics import score_run
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts.guards import check
from pipeline.prompts.rounds import Technique, candidate, outcome, proposals
from pipeline.records import Output, PromptVersion, RunKey, RunResult, Split, Step
from pipeline.run import answer
from tests.pipeline.prompts.asks import NOVA
from tests.pipeline.prompts.rounds.situations import criteria
from tests.pipeline.prompts.shared import needs_facility_support
from tests.pipeline.prompts.test_facility_support import answers, ask

pytestmark = needs_facility_support
VALID = criteria("json_valid")


def run(prompt: PromptVersion) -> RunResult:
    dev = ask(NOVA).dev

    async def collect() -> list[Output]:
        async with aclosing(answer(ScriptedModel(answers), prompt, dev)) as outputs:
            return [output async for output in outputs]

    outputs = tuple(sorted(asyncio.run(collect()), key=lambda output: int(output.sample_id)))
    key = RunKey(model="scripted:test", prompt_hash=prompt.hash, split=Split.DEV)
    scores = tuple(score_run(dev, outputs, ["json_valid"]))
    return RunResult(key=key, label="dev", outputs=outputs, scores=scores, input_hashes={s.id: s.input_hash for s in dev})


@pytest.mark.parametrize("technique", [Technique.INSTRUCTION, Technique.POST_PROCESSING])
def test_the_fences_are_one_group_and_either_way_repairs_all_of_it(technique: Technique) -> None:
    asked = ask(NOVA)
    before = run(asked.prompt)
    nothing = replace(before, outputs=(), scores=(), input_hashes={})
    groups = group_failures(asked.dev, nothing, before, VALID)
    assert [group.label for group in groups] == ["JSON inside a Markdown fence"]
    found = proposals(asked.prompt, groups, (), asked, before.outputs)
    chosen = next(each for each in found if each.technique is technique)
    assert set(chosen.sample_ids) == set(groups[0].sample_ids)
    made = asyncio.run(candidate(chosen, asked.prompt, asked))
    assert check(made, asked) is None
    assert made.finish == ((Step(name="fence"),) if technique is Technique.POST_PROCESSING else ())
    effect = outcome(before, run(made), groups, VALID)
    fenced, elsewhere, whole = effect.effects
    assert (fenced.before, fenced.after) == (0.0, 1.0)
    assert (elsewhere.difference, whole.after) == (0.0, 1.0)
    assert whole.interval is not None
    assert whole.interval.low > 0.6
    assert effect.keep
