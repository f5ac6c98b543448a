"""Further judges for the cells where one is not enough: asked only where the first one's ruling is disputed.

Disputed is a preference that turned with the order of the answers, and a rubric score within 0.15 of the middle of its scale.
Panels of smaller judges of different families agree better with people than one large one (Verga et al., arXiv 2404.18796).
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from pipeline.metrics.judge.port import Bench, Judge
from pipeline.metrics.metric import Measure

MIDDLE, NEAR = 0.5, 0.15
INCONSISTENT = "inconsistent: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one judge measured."""

    ref: str
    measure: Measure


async def settled(
    bench: Bench,
    measure: Callable[[Judge], Awaitable[Measure]],
    *,
    disputed: Callable[[Measure], bool],
    settle: Callable[[Sequence[Opinion]], Measure],
) -> Measure:
    """The first judge's measure, or what `settle` makes of everybody's where it is disputed and the bench has a panel.

    A panel judge that gives no ruling is a JudgeError of the cell: a majority must not depend on who was throttled.
    """
    first = await measure(bench.judge)
    if not bench.panel or not disputed(first):
        return first
    opinions = [Opinion(ref=bench.judge.ref, measure=first)]
    opinions += [Opinion(ref=judge.ref, measure=await measure(judge)) for judge in bench.panel]
    return settle(opinions)


def near_the_middle(found: Measure) -> bool:
    """A score that says neither good nor bad."""
    return abs(found.value - MIDDLE) <= NEAR


def inconsistent(found: Measure) -> bool:
    """A preference that turned with the order."""
    return (found.reason or "").startswith(INCONSISTENT)


def by_median(opinions: Sequence[Opinion]) -> Measure:
    """The median of the scores: what a majority finds at least as high, and a majority at least as low."""
    values = [opinion.measure.value for opinion in opinions]
    value = median(values)
    agree = "they agree" if len(set(values)) == 1 else f"they disagree by up to {max(values) - min(values):.2f}"
    said = ", ".join(f"{opinion.ref} {opinion.measure.value:.2f}" for opinion in opinions)
    return Measure(
        value=value, reason=f"disputed, {len(opinions)} judges: {said}; {agree}. {opinions[0].measure.reason or ''}".strip()
    )


def by_question(opinions: Sequence[Opinion]) -> Measure:
    """The share of questions that more than half of the judges answer with yes; parts are those questions."""
    votes = zip(*(opinion.measure.parts or () for opinion in opinions), strict=True)
    parts = tuple(float(sum(each) * 2 > len(each)) for each in votes)
    return replace(by_median(opinions), value=sum(parts) / len(parts), parts=parts)


def by_majority(opinions: Sequence[Opinion]) -> Measure:
    """The preference more than half of the consistent judges share, else the middle. The first judge's reason stays in front."""
    votes = Counter(opinion.measure.value for opinion in opinions if not inconsistent(opinion.measure))
    (value, count), *_ = votes.most_common(1) or [(MIDDLE, 0)]
    carried = count * 2 > votes.total()
    said = ", ".join(f"{o.ref} {'inconsistent' if inconsistent(o.measure) else _preferred(o.measure.value)}" for o in opinions)
    outcome = f"majority: {_preferred(value)}" if carried else "no majority"
    return replace(
        opinions[0].measure,
        value=value if carried else MIDDLE,
        reason=f"{opinions[0].measure.reason or ''}; panel: {said}; {outcome}",
    )


def _preferred(value: float) -> str:
    return "same" if value == MIDDLE else "target better" if value > MIDDLE else "source better"
