"""Post-processing: a declared step on the answer, tried on the stored answers first, so that what it repairs is counted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipeline.metrics.code.structure import NotJsonError, parse
from pipeline.prompts.contract import demands_json, labels, references
from pipeline.prompts.port import Ask
from pipeline.prompts.rounds.placing import edited
from pipeline.prompts.rounds.port import Proposal, Scene, Technique
from pipeline.prompts.steps.finish import FINISH, finished
from pipeline.records import Cause, PromptVersion, Sample, Step

OF_FORM = frozenset({Cause.FORMAT, Cause.PROMPT, Cause.MODEL})
FEWEST = 2


@dataclass(frozen=True, slots=True)
class PostProcessing:
    technique: Technique = Technique.POST_PROCESSING

    def propose(self, scene: Scene) -> tuple[Proposal, ...]:
        """The one step that repairs the most; another one only where it repairs more of some group."""
        found = [each for each in (_proposal(scene, name) for name in FINISH) if each is not None]
        chosen: list[Proposal] = []
        for each in sorted(found, key=lambda p: -len(p.sample_ids)):
            if not any(set(each.sample_ids) <= set(other.sample_ids) for other in chosen):
                chosen.append(each)
        return tuple(chosen)

    def edit(self, proposal: Proposal, prompt: PromptVersion, _ask: Ask) -> PromptVersion:
        if proposal.step is None or proposal.step in prompt.finish:
            return prompt
        return edited(prompt, replace(prompt, finish=(*prompt.finish, proposal.step)), self.technique.value, proposal.sentence)


POST_PROCESSING = PostProcessing()


def _proposal(scene: Scene, name: str) -> Proposal | None:
    step = Step(name=name, values=labels(scene.ask.use_case, scene.ask.dev) if name == "one of" else ())
    if name == "one of" and not step.values:
        return None
    said = {output.sample_id: output.text.strip() for output in scene.outputs if output.text}
    is_json = _is_json_task(scene)
    looked = {g_id for group in scene.groups if group.cause in OF_FORM for g_id in group.sample_ids}
    repaired = tuple(s.id for s in scene.ask.dev if s.id in looked and _repairs(s, said, step, is_json=is_json))
    harmed = [s for s in scene.ask.dev if s.id in said and s.id not in scene.failing and _harms(s, said, step, is_json=is_json)]
    if len(repaired) < FEWEST or len(harmed) >= len(repaired):
        return None
    also = f" It would change {len(harmed)} right answers too." if harmed else " It changes no right answer."
    told = (
        f"{len(repaired)} failing answers stored on dev have the right form when {FINISH[name].told}.{also} "
        "The application must do the same with every answer."
    )
    group = next((g.label for g in scene.groups if set(repaired) & set(g.sample_ids)), "")
    return Proposal(
        technique=Technique.POST_PROCESSING, group=group, sentence=told, sample_ids=repaired, step=step, usd_per_1000=0.0
    )


def _is_json_task(scene: Scene) -> bool:
    return demands_json(scene.prompt) or (bool(known := references(scene.ask.dev)) and all(map(_reads, known)))


def _repairs(sample: Sample, said: Mapping[str, str], step: Step, *, is_json: bool) -> bool:
    text = said.get(sample.id, "")
    after = finished((step,), text) if text else ""
    return after != text and _fits(after, sample, is_json=is_json) and not _fits(text, sample, is_json=is_json)


def _harms(sample: Sample, said: Mapping[str, str], step: Step, *, is_json: bool) -> bool:
    """Whether a right answer would change to something else than the reference (or JSON)."""
    after = finished((step,), said[sample.id])
    return after != said[sample.id] and not _fits(after, sample, is_json=is_json)


def _fits(text: str, sample: Sample, *, is_json: bool) -> bool:
    """JSON where that is asked for, else the reference; only form is looked at here, the round measures the rest."""
    return _reads(text) if is_json else bool(sample.reference) and text.strip() == (sample.reference or "").strip()


def _reads(text: str) -> bool:
    try:
        return isinstance(parse(text), dict | list)
    except NotJsonError:
        return False
