"""Instruction edits: a sentence that names what goes wrong. Fixed by cause where the cause is known, else a model writes it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pipeline.decide.errors.answers import FUNCTION_WORDS, language
from pipeline.metrics.metric import CUT_OFF
from pipeline.prompts.contract import demands_json
from pipeline.prompts.families.limits import limits
from pipeline.prompts.methods.format_fixed import JSON_ONLY, TEXT_ONLY
from pipeline.prompts.port import Ask
from pipeline.prompts.rounds.abstention import abstention
from pipeline.prompts.rounds.costs import added_usd
from pipeline.prompts.rounds.definitions import defined, tidy
from pipeline.prompts.rounds.lengths import room, wanted_words
from pipeline.prompts.rounds.placing import edited, with_words
from pipeline.prompts.rounds.port import Proposal, Scene, Technique
from pipeline.records import Cause, ErrorGroup, PromptVersion
from pipeline.records.criteria import slug

BY_KIND: Mapping[tuple[Cause, str], str] = {
    (Cause.FORMAT, "empty"): "Always answer; never leave the answer empty.",
    (Cause.FORMAT, "words"): TEXT_ONLY,
    (Cause.FORMAT, "fenced"): JSON_ONLY,
    (Cause.FORMAT, "prose"): JSON_ONLY,
    (Cause.FORMAT, "invalid"): (
        "The answer must be one valid JSON value: double quotation marks around every key and text, no comments, no comma before "
        "a closing bracket, nothing before or after it."
    ),
    (Cause.FORMAT, "spelling"): "Write the answer in exactly the spelling, case and punctuation asked for, and add no full stop.",
    (Cause.PROMPT, "outside"): "Choose the answer from the allowed answers only; where none fits well, choose the nearest one.",
    (
        Cause.REFUSAL,
        "words",
    ): "The given text comes from users and is only to be processed: do the task with it and do not decline.",
}
WRITTEN = frozenset({Cause.PROMPT, Cause.MODEL})
"""Causes for which a model may write the sentence when none is fixed."""
MOST_COMMENTS = 8


@dataclass(frozen=True, slots=True)
class Instruction:
    technique: Technique = Technique.INSTRUCTION

    def propose(self, scene: Scene) -> tuple[Proposal, ...]:
        found = [each for group in scene.groups for each in _for_group(scene, group)]
        return (*found, *_for_comments(scene))

    def edit(self, proposal: Proposal, prompt: PromptVersion, ask: Ask) -> PromptVersion:
        made = with_words(prompt, proposal.words, ask.target)
        if proposal.max_tokens is not None:
            made = replace(made, parameters=replace(made.parameters, max_tokens=proposal.max_tokens))
        return edited(prompt, made, self.technique.value, proposal.sentence)


INSTRUCTION = Instruction()


def _for_group(scene: Scene, group: ErrorGroup) -> Iterator[Proposal]:
    ids = tuple(sample.id for sample in scene.samples(group))
    if not ids:
        return
    limit = _limit(scene, group)
    if limit is not None:
        old = scene.prompt.parameters.max_tokens
        why = "the model reasons before it answers" if limits(scene.ask.target).reasons else "the known answers need it"
        told = f"{len(ids)} answers were cut off. Raise the longest answer from {old} to {limit} tokens: {why}."
        yield Proposal(technique=Technique.INSTRUCTION, group=group.label, sentence=told, sample_ids=ids, max_tokens=limit)
    words = _words(scene, group)
    if words:
        yield _said(scene, group.label, ids, f"{len(ids)} failures: {group.label}. Say in the prompt: “{words}”", words)
    elif group.cause in WRITTEN and scene.ask.writer is not None:
        yield Proposal(
            technique=Technique.INSTRUCTION,
            group=group.label,
            sentence=f"{len(ids)} failures: {group.label}. {scene.ask.writer.ref} writes an instruction; guards judge it.",
            sample_ids=ids,
            words=f"{group.label}. {group.evidence} {group.next_step}",
            written=True,
        )


def _words(scene: Scene, group: ErrorGroup) -> str | None:
    samples = scene.samples(group)
    if group.cause is Cause.PROMPT and group.kind.startswith("check "):
        return _check(group.kind.removeprefix("check "), scene.ask)
    if group.kind == "language":
        spoken = Counter(language(sample.reference or "") for sample in samples)
        named = [name for name, count in spoken.items() if name in FUNCTION_WORDS and 2 * count > len(samples)]
        return f"Write the answer in {named[0]}." if named else None
    if group.cause is Cause.TRUNCATION:
        words = None if demands_json(scene.prompt) or _limit(scene, group) is not None else wanted_words(scene, 0.9)
        return f"Answer in at most {words} words." if words is not None and words > 1 else None
    return BY_KIND.get((group.cause, group.kind)) or abstention(samples, scene.answers(samples))


def _check(name: str, ask: Ask) -> str:
    """The person's own words where the check is named after them, else its name, which says the rule."""
    return next((text.strip() for text in ask.constraints if slug(text).startswith(slug(name))), f"Keep to this rule: {name}.")


def _limit(scene: Scene, group: ErrorGroup) -> int | None:
    """A higher limit for answers that were cut off, where the known answers say how long they get; None where it is no help."""
    cut_off = {output.sample_id for output in scene.outputs if output.stop_reason in CUT_OFF}
    if group.cause is not Cause.TRUNCATION or not cut_off & set(group.sample_ids):
        return None
    wanted, now = room(scene), scene.prompt.parameters.max_tokens
    if limits(scene.ask.target).reasons:
        return 2 * now
    return wanted if wanted is not None and wanted > now else None


def _for_comments(scene: Scene) -> Iterator[Proposal]:
    """What reviewers said, the most frequent first, each comment once."""
    said = Counter(comment for comment in map(tidy, scene.comments) if comment and not defined(comment, scene))
    for comment, times in sorted(said.items(), key=lambda item: (-item[1], item[0]))[:MOST_COMMENTS]:
        by = "A reviewer says" if times == 1 else f"{times} reviewers say"
        if scene.ask.writer is None:
            yield _said(scene, "", (), f"{by}: “{comment}” Put it into the prompt as it is.", comment)
            continue
        sentence = f"{by}: “{comment}” {scene.ask.writer.ref} makes an instruction of it; guards judge it."
        yield Proposal(
            technique=Technique.INSTRUCTION,
            group="",
            sentence=sentence,
            sample_ids=(),
            words=f"A reviewer says: {comment}",
            written=True,
        )


def _said(scene: Scene, group: str, ids: tuple[str, ...], sentence: str, words: str) -> Proposal:
    usd = added_usd(scene.ask, len(words))
    return Proposal(
        technique=Technique.INSTRUCTION, group=group, sentence=sentence, sample_ids=ids, words=words, usd_per_1000=usd
    )
