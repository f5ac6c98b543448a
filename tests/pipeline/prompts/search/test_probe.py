"""The probe: nothing asked twice, a failure of the provider kept from the figures, a judge's calls counted."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.errors import TemporaryError
from pipeline.metrics.judge.embedders import open_embedder
from pipeline.metrics.judge.port import Bench
from pipeline.metrics.judge.rulings import MemoryRulings
from pipeline.models.failures import failure
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.models.settings import DEFAULTS
from pipeline.prompts.search.meter import Meter, SpentError
from pipeline.prompts.search.probe import Probe
from pipeline.records import Criteria, JudgeChoice, MetricChoice, Output, Request, Rubric, RubricKind, Split
from tests.pipeline.metrics.judge.judges import failed, judge_of
from tests.pipeline.prompts.search.world import TASK, asking, probing, samples, task

DEV = samples(12, "dev")
PROMPT = asking(DEV).prompt
RUBRIC = Rubric(name="tone", kind=RubricKind.SCALE, text="Is it kind?")
JUDGED = Criteria(
    metrics=(MetricChoice(metric=RUBRIC.metric, primary=True), MetricChoice(metric="exact_match")),
    judge=JudgeChoice(model="scripted:judge"),
    rubrics=(RUBRIC,),
)


async def test_outputs_and_scores_come_in_the_order_of_the_samples_and_are_asked_once() -> None:
    model = task()
    probe = probing(model, Meter())
    first, again = await probe(PROMPT, DEV[:8]), await probe(PROMPT, DEV)
    assert model.calls == 12
    assert [output.sample_id for output in again.outputs] == [sample.id for sample in DEV]
    assert again.outputs[:8] == first.outputs
    assert again.key.split is Split.DEV
    assert again.input_hashes == {sample.id: sample.input_hash for sample in DEV}


async def test_another_prompt_is_another_question() -> None:
    model = task()
    probe = probing(model, Meter())
    await probe(PROMPT, DEV)
    await probe(replace(PROMPT, user=PROMPT.user + "\nPlease."), DEV)
    assert model.calls == 24


async def test_a_batch_past_the_budget_makes_no_call_at_all() -> None:
    model = task()
    with pytest.raises(SpentError):
        await probing(model, Meter(most_calls=11))(PROMPT, DEV)
    assert model.calls == 0


@pytest.mark.parametrize(("kind", "scored"), [("guardrail", True), ("timeout", True), ("throttled", False), ("transient", False)])
async def test_what_the_prompt_caused_is_unscored_and_what_the_provider_did_is_raised(kind: str, scored: bool) -> None:
    model = ScriptedModel(lambda r: Output(sample_id=r.sample_id, text=None, failure=failure(kind)), ref=TASK)
    probe = probing(model, Meter())
    if not scored:
        with pytest.raises(TemporaryError, match=f"{TASK} could not be asked"):
            await probe(PROMPT, DEV[:1])
        return
    run = await probe(PROMPT, DEV[:1])
    assert [(score.value, (score.unscored or "")[:11]) for score in run.scores] == [(None, "call failed")]


def judged_by(answer: Callable[[Request], Output | str], meter: Meter) -> tuple[Probe, ScriptedModel]:
    cache = MemoryRulings()
    judge, model = judge_of(answer, cache)
    bench = Bench(judge=judge, embedder=open_embedder("hashing:512", cache, DEFAULTS))
    return replace(probing(task(), meter), criteria=JUDGED, bench=bench), model


async def test_a_judge_decides_and_its_calls_count() -> None:
    meter = Meter()
    probe, model = judged_by(lambda _request: json.dumps({"reasoning": "kind", "score": 10}), meter)
    run = await probe(PROMPT, DEV[:4])
    assert {(score.metric, score.value) for score in run.scores} == {(RUBRIC.metric, 1.0)}
    assert meter.used.calls == 4 + model.calls
    seen = await probe(PROMPT, DEV[:4], Split.TEST)
    assert {score.metric for score in seen.scores} == {RUBRIC.metric, "exact_match"}


async def test_after_a_restart_what_a_judge_was_paid_for_is_counted_again() -> None:
    """Its rulings come from its own cache then, and say nothing of their price."""
    before, after = Meter(), Meter()
    probe, model = judged_by(lambda _request: json.dumps({"reasoning": "kind", "score": 10}), before)
    await probe(PROMPT, DEV[:4])
    calls = model.calls
    await replace(probe, meter=after)(PROMPT, DEV[:4])
    assert model.calls == calls
    assert (after.used.calls, after.used.usd) == (before.used.calls, before.used.usd)


async def test_a_ruling_that_cannot_be_read_is_paid_for_each_time_it_is_asked_for() -> None:
    before, after = Meter(), Meter()
    probe, model = judged_by(lambda _request: "no ruling at all", before)
    for rung in (2, 4):
        await probe(PROMPT, DEV[:rung])
        assert before.used.calls == rung + model.calls
    await replace(probe, meter=after)(PROMPT, DEV[:4])
    assert after.used.calls == 4 + model.calls


async def test_a_judge_that_is_away_is_no_fault_of_the_prompt_but_one_that_cannot_be_read_leaves_the_cell_empty() -> None:
    away, _ = judged_by(lambda _request: failed("access"), Meter())
    with pytest.raises(TemporaryError, match=r"The judge could not be asked \(access\)"):
        await away(PROMPT, DEV[:2])
    odd, _ = judged_by(lambda _request: "well...", Meter())
    assert {score.value for score in (await odd(PROMPT, DEV[:2])).scores} == {None}
