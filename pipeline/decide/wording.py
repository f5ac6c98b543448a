"""The sentence under a verdict: the figures, how sure they are, why they make this verdict and what is missing from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.decide.pairs import Pairs, Side
from pipeline.decide.verdict import Estimate
from pipeline.records import Interval, Verdict

FEW_MOVED = 10  # different pairs below which an interval from a spread is rough


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What sentences say of pairs: how many there are and how many differ, their means (0 without pairs), and either side."""

    pairs: int
    moved: int
    source_mean: float
    target_mean: float
    samples: int
    clustered: bool
    outside: Mapping[str, int]
    source_side: Side
    target_side: Side
    worst_case: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a sentence is made from. `bootstrap` is None where it was not drawn, `enough` where no number of samples is named."""

    of: Summary
    found: Estimate
    verdict: Verdict
    margin: float
    confidence: float
    enough: int | None
    bootstrap: Interval | None = None


def summary(pairs: Pairs) -> Summary:
    return Summary(
        pairs=len(pairs.ids),
        moved=int((pairs.differences != 0).sum()),
        source_mean=_mean(pairs.source.tolist()),
        target_mean=_mean(pairs.target.tolist()),
        samples=pairs.samples,
        clustered=pairs.clusters is not None,
        outside=pairs.outside,
        source_side=pairs.source_side,
        target_side=pairs.target_side,
        worst_case=pairs.worst_case,
    )


def sentence(told: Told) -> str:
    """The figures, the method, why they make this verdict, and n scored / n on both sides."""
    found, interval = told.found, told.found.interval(told.confidence)
    if interval is None:
        many = "one sample" if found.paired.pairs == 1 else f"{found.paired.pairs} samples of one cluster"
        return f"Only {many} could be compared: no interval can be drawn from that.{_more(told.enough)}"
    beside = f"; bootstrap {_span(told.bootstrap)}" if told.bootstrap else ""
    return (
        f"{told.of.target_mean:.3f} against {told.of.source_mean:.3f} over {told.of.pairs} pairs: "
        f"{found.paired.mean:+.3f}, {told.confidence:.0%} interval {_span(interval)} ({found.method(told.confidence)}){beside}. "
        f"{_why(told.verdict, interval, told.margin)}{_more(told.enough)}{_doubt(told, interval)}{scored(told.of)}"
    )


def scored(pairs: Summary) -> str:
    """n scored / n for either side with the reasons, and what the difference would be at worst where something is missing."""
    sides = f" Scored: source {_side(pairs.source_side, pairs.samples)}, target {_side(pairs.target_side, pairs.samples)}."
    if not pairs.target_side.missing or pairs.worst_case is None:
        return sides
    return f"{sides} With every missing target score as 0 the difference is {pairs.worst_case:+.3f}."


def counts(reasons: Mapping[str, int]) -> str:
    """Reasons with how often each occurs, the most frequent first, at most three."""
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{reason}: {count}" for reason, count in ordered[:3]) + (", ..." if len(ordered) > 3 else "")


def _side(side: Side, samples: int) -> str:
    return f"{side.scored} / {samples}" + (f" ({counts(side.missing)})" if side.missing else "")


def _why(verdict: Verdict, interval: Interval, margin: float) -> str:
    match verdict:
        case Verdict.BETTER:
            return "The whole interval is above zero."
        case Verdict.NOT_WORSE:
            return f"Its lower end is above the margin of -{margin:.3f}.{_beyond(interval)}"
        case Verdict.WORSE:
            return f"The whole interval is below zero and reaches past the margin of -{margin:.3f}."
        case Verdict.CANNOT_TELL:
            return _unclear(interval, margin)


def _beyond(interval: Interval) -> str:
    if interval.high < 0:
        return " The target is measurably lower, by less than the accepted loss."
    unsure = " It is above zero as well, which the exact test and the number of comparisons (Holm) do not confirm."
    return unsure if interval.low > 0 else ""


def _unclear(interval: Interval, margin: float) -> str:
    if interval.low > -margin or interval.high < 0:
        return "This metric alone would tell, but corrected for the number of comparisons (Holm, exact test) it may be chance."
    return f"It holds both a loss past the margin of -{margin:.3f} and no loss at all."


def _more(enough: int | None) -> str:
    return f" About {enough:,} samples would tell." if enough is not None else ""


def _doubt(told: Told, interval: Interval) -> str:
    """Warnings: resampling draws another conclusion than t, or hardly any pair differs, so that the spread itself is a guess."""
    again = told.bootstrap if told.found.table is None else None
    differs = again is not None and _reading(again, told.margin) != _reading(interval, told.margin)
    said = " The bootstrap would read otherwise: treat as borderline." if differs else ""
    moved = told.of.moved
    if told.found.table is None and 0 < moved < min(FEW_MOVED, told.of.pairs):
        said += f" Only {moved} of {told.of.pairs} pairs differ, so the interval is rough: read these samples."
    return said


def _reading(interval: Interval, margin: float) -> tuple[bool, bool, bool]:
    return interval.low > 0, interval.low > -margin, interval.high < 0


def _span(interval: Interval) -> str:
    return f"{interval.low:+.3f} to {interval.high:+.3f}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
