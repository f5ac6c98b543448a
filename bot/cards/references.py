"""References in doubt: one at a time in an SME's direct messages, and in the thread what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.buttons import Press
from bot.cards.kit import Block, Card, actions, bar, button, context, mention, mentions, section, verbatim
from db.records import ReferenceAnswer

MOST_ANSWERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What the SME sees of one reference. `answers` are what models said, each once; who said what is not known here."""

    check_id: str
    question: str
    reference: str
    why: str
    answers: tuple[str, ...]
    suggestion: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencesFacts:
    """`question` is the key these answers belong to, such as `references:1`; `doubt` is None once none is left."""

    migration_id: str
    name: str
    question: str
    doubt: Doubt | None
    done: int
    total: int
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionsFacts:
    """What the thread is told: how many references were corrected by whom, and where they stand."""

    corrected: int
    by: tuple[str, ...]
    waiting: int
    dataset: int | None  # number of the version that has them; None until there is one
    measured: int  # number of the version that the round was measured on
    owner: str | None
    requester: str


def references_card(facts: ReferencesFacts) -> Card:
    """The next reference with its buttons, or the thanks when there is none left."""
    name = literal(facts.name, 200)
    if facts.doubt is None or facts.over:
        return _finished(facts, name)
    doubt = facts.doubt
    place = f"{facts.done + 1} of {facts.total}"
    blocks: list[Block] = [
        section(f"*Is this reference right? {name}* · {place}\n{literal(doubt.why, 600)}"),
        section("*Input*"),
        *verbatim(doubt.question, 3),
        section("*Reference in the dataset*"),
        *verbatim(doubt.reference or "–", 1),
        *_answers(doubt.answers),
        *([section("*It may have to say*"), *verbatim(doubt.suggestion, 1)] if doubt.suggestion else []),
        actions(*_buttons(facts, doubt)),
        context(f"{bar(facts.done, facts.total)} · a corrected reference counts in the next round, never in this one"),
    ]
    return Card(text=f"Is this reference right? {name}: {place}", blocks=blocks)


def _answers(answers: Sequence[str]) -> list[Block]:
    blocks: list[Block] = [section("*What models answered*")] if answers else []
    for answer in answers[:MOST_ANSWERS]:
        blocks.extend(verbatim(answer, 1))
    if len(answers) > MOST_ANSWERS:
        blocks.append(context(f"And {len(answers) - MOST_ANSWERS} other answers."))
    return blocks


def _buttons(facts: ReferencesFacts, doubt: Doubt) -> tuple[Block, ...]:
    def press(answer: ReferenceAnswer) -> str:
        return Press(migration=facts.migration_id, question=facts.question, answer=f"{doubt.check_id}:{answer}").dumps()

    return (
        button("Keep", "reference_keep", press(ReferenceAnswer.KEEP)),
        button("Fix", "reference_fix", press(ReferenceAnswer.FIX)),
        button("Not sure", "reference_unsure", press(ReferenceAnswer.UNSURE)),
    )


def _finished(facts: ReferencesFacts, name: str) -> Card:
    told = f"You answered for {facts.done} of {facts.total} references. Thank you; nothing more is asked of you."
    reason = "The migration is over." if facts.over and facts.done < facts.total else ":white_check_mark: All done."
    return Card(text=f"References of {name}: finished", blocks=[section(f"*References: {name}*\n{reason} {told}")])


def corrections_card(facts: CorrectionsFacts) -> Card:
    """How the corrections get into the evidence: only by another round."""
    what = "1 reference was" if facts.corrected == 1 else f"{facts.corrected:,} references were"
    version = f"dataset version {facts.dataset}" if facts.dataset else "the corrected references"
    lines = [
        f":memo: *{what} corrected* by {mentions(facts.by)}.",
        f"This round was measured on dataset version {facts.measured} and stays as it is. "
        f"{mention(facts.owner, 'The owner')}, {mention(facts.requester)}: request changes at the sign-off to measure again "
        f"with {version}.",
    ]
    blocks: list[Block] = [section("\n".join(lines))]
    if facts.waiting:
        blocks.append(context(f"{facts.waiting:,} more are still being looked at."))
    return Card(text=f"{what} corrected: request changes at the sign-off to measure again with {version}", blocks=blocks)
