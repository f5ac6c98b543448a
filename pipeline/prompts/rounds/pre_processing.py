"""Pre-processing: inputs cleaned by a declared step, where failing inputs carry what right ones do not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from pipeline.prompts.port import Ask
from pipeline.prompts.rounds.placing import edited
from pipeline.prompts.rounds.port import Proposal, Scene, Technique
from pipeline.prompts.steps.prepare import PREPARE, Prepare
from pipeline.prompts.template import variables
from pipeline.records import PromptVersion, Sample, Step

FEWEST = 3
"""Failing inputs that a step must change."""
MORE = 0.2
"""How much more often it must change failing inputs than right ones."""


@dataclass(frozen=True, slots=True)
class PreProcessing:
    technique: Technique = Technique.PRE_PROCESSING

    def propose(self, scene: Scene) -> tuple[Proposal, ...]:
        found = (_proposal(scene, name, step) for name, step in PREPARE.items() if Step(name=name) not in scene.prompt.prepare)
        return tuple(each for each in found if each is not None)

    def edit(self, proposal: Proposal, prompt: PromptVersion, _ask: Ask) -> PromptVersion:
        if proposal.step is None or proposal.step in prompt.prepare:
            return prompt
        return edited(prompt, replace(prompt, prepare=(*prompt.prepare, proposal.step)), self.technique.value, proposal.sentence)


PRE_PROCESSING = PreProcessing()


def _proposal(scene: Scene, name: str, step: Prepare) -> Proposal | None:
    answered = {output.sample_id for output in scene.outputs} | scene.failing
    used = {variable.casefold() for variable in variables(scene.prompt)}
    failing = [s for s in scene.ask.dev if s.id in scene.failing]
    right = [s for s in scene.ask.dev if s.id in answered and s.id not in scene.failing]
    changed, others = (_changed(samples, step, used) for samples in (failing, right))
    if len(changed) < FEWEST or len(changed) / len(failing) < len(others) / max(len(right), 1) + MORE:
        return None
    told = (
        f"{len(changed)} of {len(failing)} failing inputs, but {len(others)} of {len(right)} right ones, would change when "
        f"{step.told}. The application must do the same before it calls the model."
    )
    ids = tuple(sample.id for sample in changed)
    return Proposal(
        technique=Technique.PRE_PROCESSING, group="", sentence=told, sample_ids=ids, step=Step(name=name), usd_per_1000=0.0
    )


def _changed(samples: Sequence[Sample], step: Prepare, used: Collection[str]) -> list[Sample]:
    return [s for s in samples if any(step.change(v) != v for name, v in s.variables.items() if name.casefold() in used)]
