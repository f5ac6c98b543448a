"""The blind review in an SME's direct messages: one pair at a time; the next one takes its place."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.buttons import Press
from bot.cards.kit import Block, Card, actions, bar, button, context, section, verbatim
from db.records import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What the SME sees; which model wrote which answer is not known here. A text is None where there was no answer."""

    assignment_id: str
    question: str
    first: str | None
    second: str | None
    reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFacts:
    migration_id: str
    name: str
    question: str  # key of the review question
    pair: Pair | None
    done: int
    total: int
    closed: bool = False


def review_card(facts: ReviewFacts) -> Card:
    """The next pair with its buttons, or the thanks when there is none left."""
    name = literal(facts.name, 200)
    if facts.pair is None or facts.closed:
        return _finished(facts, name)
    pair = facts.pair
    blocks: list[Block] = [
        section(f"*Review: {name}* · pair {facts.done + 1} of {facts.total}\nWhich answer is better? The models are hidden."),
        section("*Input*"),
        *verbatim(pair.question, 3),
        *([section("*Reference in the dataset*"), *verbatim(pair.reference, 1)] if pair.reference else []),
        *_answer("A", pair.first),
        *_answer("B", pair.second),
        actions(*_buttons(facts, pair)),
        context(f"{bar(facts.done, facts.total)} · {facts.done} of {facts.total} judged"),
    ]
    return Card(text=f"Review of {name}: pair {facts.done + 1} of {facts.total}", blocks=blocks)


def _answer(letter: str, text: str | None) -> list[Block]:
    if text is None:
        return [section(f"*Answer {letter}*"), context("The model gave no answer.")]
    return [section(f"*Answer {letter}*"), *verbatim(text)]


def _buttons(facts: ReviewFacts, pair: Pair) -> tuple[Block, ...]:
    def press(answer: str) -> str:
        return Press(migration=facts.migration_id, question=facts.question, answer=f"{pair.assignment_id}:{answer}").dumps()

    return (
        button("A is better", "review_a", press(Choice.A)),
        button("Same", "review_same", press(Choice.SAME)),
        button("B is better", "review_b", press(Choice.B)),
        button("Answer with a reason", "review_reason", press("reason")),
    )


def _finished(facts: ReviewFacts, name: str) -> Card:
    told = f"You judged {facts.done} of {facts.total} pairs. Thank you; nothing more is asked of you."
    reason = "The review is closed." if facts.closed and facts.done < facts.total else ":white_check_mark: All done."
    return Card(text=f"Review of {name}: finished", blocks=[section(f"*Review: {name}*\n{reason} {told}")])
