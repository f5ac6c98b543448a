"""Meta-information: what the answers are made of, read from the references of dev or given by people."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.prompts.contract import labels, literal_text
from pipeline.prompts.port import Ask
from pipeline.prompts.rounds.costs import added_usd
from pipeline.prompts.rounds.definitions import defined, tidy
from pipeline.prompts.rounds.facts import date_format, json_fields, unit
from pipeline.prompts.rounds.placing import edited, with_words
from pipeline.prompts.rounds.port import Proposal, Scene, Technique
from pipeline.records import Cause, ErrorGroup, PromptVersion

UNKNOWN_FORM = frozenset(
    {(Cause.FORMAT, "spelling"), (Cause.FORMAT, "words"), (Cause.PROMPT, "outside"), (Cause.MODEL, "outside")}
)


@dataclass(frozen=True, slots=True)
class MetaInformation:
    technique: Technique = Technique.META_INFORMATION

    def propose(self, scene: Scene) -> tuple[Proposal, ...]:
        return tuple(each for look in LOOKS for each in look(scene))

    def edit(self, proposal: Proposal, prompt: PromptVersion, ask: Ask) -> PromptVersion:
        return edited(prompt, with_words(prompt, proposal.words, ask.target), self.technique.value, proposal.sentence)


META_INFORMATION = MetaInformation()


def _allowed(scene: Scene) -> Iterator[Proposal]:
    """The closed set of answers, where the prompt does not name all of it and answers lie outside or are spelled otherwise."""
    known = labels(scene.ask.use_case, scene.ask.dev)
    text = literal_text(scene.prompt)
    unnamed = [label for label in known if not re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text)]
    groups = [g for g in scene.groups if (g.cause, g.kind) in UNKNOWN_FORM or g.cause is Cause.MODEL]
    if not unnamed or not any(scene.samples(group) for group in groups):
        return
    words = "The allowed answers, one of them in exactly this spelling:\n" + "\n".join(f"- {label}" for label in sorted(known))
    told = f"The prompt does not name {len(unnamed)} of the {len(known)} answers that occur. List all of them."
    yield _proposal(scene, groups, told, words)


def _definitions(scene: Scene) -> Iterator[Proposal]:
    """What people wrote about the labels: comments such as "refund: the customer wants money back"."""
    found = dict.fromkeys((label, each) for each in map(tidy, scene.comments) if (label := defined(each, scene)))
    if not found:
        return
    names = {label for label, _ in found}
    known_ids = {s.id for s in scene.ask.dev if (s.reference or "").strip() in names}
    groups = [g for g in scene.groups if g.cause is Cause.MODEL and known_ids & set(g.sample_ids)]
    words = "What the answers mean:\n" + "\n".join(f"- {each}" for _, each in found)
    sentence = f"Reviewers said what {len(names)} of the answers mean ({', '.join(sorted(names)[:3])}). Put it into the prompt."
    yield _proposal(scene, groups, sentence, words)


def _dates(scene: Scene) -> Iterator[Proposal]:
    yield from _of_form(scene, date_format)


def _units(scene: Scene) -> Iterator[Proposal]:
    yield from _of_form(scene, unit)


def _of_form(scene: Scene, look: Callable[[Sequence[str], Sequence[str]], str | None]) -> Iterator[Proposal]:
    """A form that the references of the failures keep to and their answers do not."""
    samples = [s for group in scene.groups for s in scene.samples(group) if (s.reference or "").strip()]
    words = look([(s.reference or "").strip() for s in samples], scene.answers(samples))
    if words:
        ids = {s.id for s in samples}
        told = f"The references of {len(ids)} failing samples keep to one form that the answers do not. Say: “{words}”"
        yield _proposal(scene, [g for g in scene.groups if ids & set(g.sample_ids)], told, words)


def _fields(scene: Scene) -> Iterator[Proposal]:
    """The fields of JSON answers with their types, and the values of those that take few, where the prompt does not name them."""
    groups = [g for g in scene.groups if g.cause in {Cause.MODEL, Cause.PROMPT} or (g.cause, g.kind) == (Cause.FORMAT, "invalid")]
    words = json_fields([(s.reference or "").strip() for s in scene.ask.dev if s.reference], literal_text(scene.prompt))
    if words and any(scene.samples(group) for group in groups) and scene.prompt.parameters.json_schema is None:
        told = (
            "The prompt does not say which fields the JSON has, or which values they take. List them as the references have them."
        )
        yield _proposal(scene, groups, told, words)


LOOKS: tuple[Callable[[Scene], Iterator[Proposal]], ...] = (_allowed, _definitions, _dates, _units, _fields)


def _proposal(scene: Scene, groups: Sequence[ErrorGroup], sentence: str, words: str) -> Proposal:
    ids = tuple(dict.fromkeys(sample.id for group in groups for sample in scene.samples(group)))
    return Proposal(
        technique=Technique.META_INFORMATION,
        group=groups[0].label if groups else "",
        sentence=sentence,
        sample_ids=ids,
        words=words,
        usd_per_1000=added_usd(scene.ask, len(words)),
    )
