"""A candidate tried on one sample of dev: its answer with its scores beside the source's."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Block, Card, context, header, lines, section, verbatim
from pipeline.records import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedFacts:
    """`answer` is None until there is one, and where the call failed: `problem` then says why. `source` is what that answered.

    `took` says what the try cost; `shown` that the prompt itself shows the sample solved.
    """

    target: str
    method: str
    prompt_hash: str
    sample_id: str
    question: str
    reference: str | None = None
    answer: str | None = None
    scores: tuple[Score, ...] = ()
    source: str | None = None
    source_scores: tuple[Score, ...] = ()
    problem: str = ""
    took: str = ""
    shown: bool = False


SHOWN = ":warning: The prompt shows this very sample, solved, so its answer tells little. Try another one."


def tried_card(facts: TriedFacts) -> Card:
    """Both answers as they are; the try counts for nothing."""
    about = f"*{literal(facts.method, 80)}* `{facts.prompt_hash[:8]}` on {literal(facts.target, 150)}"
    blocks: list[Block] = [
        header(f"Tried on {facts.sample_id}"),
        section(f"{about}\n*Asked* {literal(facts.question, 1500)}"),
        *_answer("The candidate's answer", facts.answer, facts.scores, facts.problem or "It is being asked …"),
        *_answer("The source's answer", facts.source, facts.source_scores, "There is none for this sample."),
    ]
    if facts.reference is not None:
        blocks += [section("*Reference*"), *verbatim(facts.reference or "–", sections=1)]
    if facts.shown:
        blocks.append(section(SHOWN))
    said = "A sample of dev, asked once more for you: this answer is in no figure and in no verdict."
    blocks.append(context(f"{said} {literal(facts.took, 300)}" if facts.took else said))
    return Card(text=f"Tried on {literal(facts.sample_id, 100)}", blocks=blocks)


def _answer(title: str, text: str | None, scores: tuple[Score, ...], otherwise: str) -> Iterator[Block]:
    yield section(f"*{title}*" if text is not None else f"*{title}*\n{literal(otherwise, 900)}")
    if text is not None:
        yield from verbatim(text if text.strip() else "(an empty answer)", sections=2)
    if scores:
        yield lines((_score(score) for score in scores), what="scores")


def _score(score: Score) -> str:
    if score.value is None:
        return f"• *{literal(score.metric, 60)}* no score: {literal(score.unscored or 'no reason given', 300)}"
    reason = f": {literal(score.reason, 300)}" if score.reason else ""
    return f"• *{literal(score.metric, 60)}* {score.value:.2f}{reason}"
