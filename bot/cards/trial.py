"""People's own criteria on a few samples: the answer, and what each criterion said of it."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Block, Card, context, header, lines, section, verbatim

MOST_SAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedScore:
    """`value` is None where there is no score; `said` is then why, else the reason."""

    metric: str
    value: float | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedSample:
    """`answer` is the source's, or the reference where the source's is not known."""

    question: str
    answer: str
    scores: tuple[TriedScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """`waiting` while a criterion has not been tried; `failed` when the thread says why, and only the button tries again."""

    number: int
    samples: tuple[TriedSample, ...]
    waiting: bool
    failed: bool = False


def trial_card(facts: TrialFacts) -> Card:
    """Up to three samples of dev, each with every criterion's score and reason."""
    title = f"Your criteria on plan {facts.number}, tried"
    blocks: list[Block] = [header(title)]
    for sample in facts.samples[:MOST_SAMPLES]:
        blocks += [
            section(f"*Asked* {literal(sample.question, 500)}"),
            *verbatim(sample.answer or "–", sections=1),
            lines([_score(score) for score in sample.scores], what="criteria"),
        ]
    if facts.waiting:
        again = "They could not be tried, as this thread says. *Try on 3 samples* on the plan tries again."
        blocks.append(section(again if facts.failed else "The criteria are being tried …"))
    blocks.append(
        context("Samples of dev with the source's answers. Not what you meant? Remove a criterion with *Metrics and judge*.")
    )
    return Card(text=f"{title} on {len(facts.samples[:MOST_SAMPLES])} samples", blocks=blocks)


def _score(score: TriedScore) -> str:
    name, said = literal(score.metric, 60), literal(score.said, 400) if score.said.strip() else ""
    if score.value is None:
        return f"• *{name}* no score: {said or 'no reason given'}"
    return f"• *{name}* {score.value:.2f}{f': {said}' if said else ''}"
