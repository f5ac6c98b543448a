"""Few-shot for a failing group: some of its own dev samples shown solved, the others left to measure whether it helped."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.decide.errors.answers import key
from pipeline.models import family
from pipeline.prompts.contract import single_line
from pipeline.prompts.methods.layout import layout_of
from pipeline.prompts.port import Ask
from pipeline.prompts.rounds.costs import added_usd
from pipeline.prompts.rounds.placing import edited
from pipeline.prompts.rounds.port import Proposal, Scene, Technique
from pipeline.prompts.template import ANY_FREEZE_TAG, write
from pipeline.records import Cause, ErrorGroup, Parameters, PromptVersion, Sample

MOST, MOST_KINDS = 3, 8
"""Samples of a group that are shown; one of each reference where it has more references than that, but not endlessly many."""
FITS = frozenset({Cause.MODEL, Cause.PROMPT, Cause.FORMAT})


@dataclass(frozen=True, slots=True)
class FewShot:
    technique: Technique = Technique.FEW_SHOT

    def propose(self, scene: Scene) -> tuple[Proposal, ...]:
        found = (_for_group(scene, group) for group in scene.groups if group.cause in FITS)
        return tuple(each for each in found if each is not None)

    def edit(self, proposal: Proposal, prompt: PromptVersion, ask: Ask) -> PromptVersion:
        new = tuple(shot for shot in proposal.shots if shot not in prompt.shots)
        known = {sample.id: sample for sample in ask.dev}
        shown = [known[shot] for shot in new if shot in known]
        if not shown:
            return prompt
        kind, layout = family(ask.target), layout_of(prompt)
        if ANY_FREEZE_TAG.search("".join(part.text for part in layout.query)):
            return prompt  # examples would repeat what is frozen
        parts = layout.with_shots(shown, tagged=kind == "anthropic", completion=kind == "base")
        made = replace(
            prompt,
            user=write(parts, prompt.syntax, like=prompt.user),
            parameters=_stopped(prompt, ask) if kind == "base" else prompt.parameters,
            shots=(*prompt.shots, *(sample.id for sample in shown)),
        )
        return edited(prompt, made, self.technique.value, proposal.sentence)


FEW_SHOT = FewShot()


def _for_group(scene: Scene, group: ErrorGroup) -> Proposal | None:
    usable = _in_turn([sample for sample in scene.samples(group) if _usable(sample, scene)])
    free = len(scene.ask.dev) // 2 - len(scene.prompt.shots)
    kinds = len({key(sample.reference) for sample in usable} - {""})
    shown = usable[: max(0, min(max(MOST, min(kinds, MOST_KINDS)), len(group.sample_ids) // 2, free))]
    if not shown:
        return None
    beside = _told_apart(scene, group)[: max(0, min(1, free - len(shown)))]
    left = tuple(s.id for s in scene.samples(group) if s not in shown)
    also = " and one of the answer it is confused with" if beside else ""
    layout = layout_of(scene.prompt)
    return Proposal(
        technique=Technique.FEW_SHOT,
        group=group.label,
        sentence=(
            f"{len(group.sample_ids)} failures: {group.label}. Show {len(shown)} of them solved{also}; "
            f"the other {len(left)} {'tells' if len(left) == 1 else 'tell'} whether it helps."
        ),
        sample_ids=left,
        shots=tuple(sample.id for sample in (*shown, *beside)),
        usd_per_1000=added_usd(scene.ask, sum(len(layout.shown(sample)) for sample in (*shown, *beside))),
    )


def _in_turn(samples: Sequence[Sample]) -> list[Sample]:
    """One sample of each short reference, then a second of each, and so on; within one, the most typical first."""
    seen: Counter[str] = Counter()
    places = []
    for place, sample in enumerate(samples):
        wanted = key(sample.reference)
        places.append((seen[wanted] if wanted else 0, place))
        seen[wanted] += 1
    return [samples[place] for _, place in sorted(places)]


def _usable(sample: Sample, scene: Scene) -> bool:
    """A reference that may be shown, no image or PDF, and no text that would be read as a freeze mark."""
    texts = (*sample.variables.values(), sample.reference or "")
    known = bool((sample.reference or "").strip()) and not sample.attachments and sample.id not in scene.prompt.shots
    return known and not any(ANY_FREEZE_TAG.search(text) for text in texts)


def _told_apart(scene: Scene, group: ErrorGroup) -> Sequence[Sample]:
    """Where a label is taken for another one: the shortest right sample of that other label."""
    samples = scene.samples(group)
    said = {key(answer) for answer in scene.answers(samples)}
    if group.cause is not Cause.MODEL or len(said) != 1 or "" in said:
        return ()
    others = [s for s in scene.ask.dev if key(s.reference) in said and s.id not in scene.failing and _usable(s, scene)]
    return sorted(others, key=lambda s: (sum(map(len, s.variables.values())), s.id))


def _stopped(prompt: PromptVersion, ask: Ask) -> Parameters:
    """A base model goes on to invent the next sample unless it is stopped."""
    stop = "\n" if single_line(ask.dev) else layout_of(prompt).next_start
    parameters = prompt.parameters
    return parameters if stop in parameters.stop else replace(parameters, stop=(stop, *parameters.stop))
