"""From the pairs of a metric to an estimate, and from an estimate to a verdict with its sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.decide.pairs import Pairs
from pipeline.decide.statistics import Paired, Table, bootstrap_interval, mcnemar, newcombe, paired, required_n, t_interval
from pipeline.records import Interval, Verdict

SMALLEST_P = 1e-10
STEPS = 40
PLANNING_SD = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the pairs say of the difference. `table` is there for yes/no metrics on independent pairs, and then rules."""

    paired: Paired
    table: Table | None

    def interval(self, confidence: float) -> Interval | None:
        return newcombe(self.table, confidence) if self.table else t_interval(self.paired, confidence)

    @property
    def method(self) -> str:
        if self.table:
            return f"Newcombe; exact McNemar p = {mcnemar(self.table.source_only, self.table.target_only):.3f}"
        alike = "; all differ alike, so width by the rule of three" if self.paired.error <= 0 else ""
        return f"t, {self.paired.units} clusters{alike}" if self.paired.units < self.paired.pairs else f"t{alike}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """One-sided p values of the three things a comparison may claim; 1 where nothing can be claimed."""

    better: float = 1.0
    not_worse: float = 1.0
    worse: float = 1.0


def estimate(pairs: Pairs) -> Estimate | None:
    """None without pairs."""
    if not pairs.ids:
        return None
    return Estimate(paired=paired(pairs.differences, pairs.clusters), table=_table(pairs))


def _table(pairs: Pairs) -> Table | None:
    """Counts for a yes/no metric. With clusters there is none: Newcombe and McNemar take pairs as independent."""
    if not pairs.binary or pairs.clusters is not None or not {*pairs.source, *pairs.target} <= {0.0, 1.0}:
        return None
    cells = list(zip(pairs.source, pairs.target, strict=True))
    return Table(
        both=cells.count((1.0, 1.0)),
        target_only=cells.count((0.0, 1.0)),
        source_only=cells.count((1.0, 0.0)),
        neither=cells.count((0.0, 0.0)),
    )


def claims(found: Estimate, margin: float) -> Claims:
    """p values by inverting the interval: the smallest tail at which its end still clears the bound.

    For yes/no metrics "better" and "worse" must convince the exact McNemar test as well.
    """
    above = _p(found, lambda i: i.low > 0)
    below = _p(found, lambda i: i.high < 0)
    exact = mcnemar(found.table.source_only, found.table.target_only) / 2 if found.table else 0.0
    return Claims(better=max(above, exact), not_worse=_p(found, lambda i: i.low > -margin), worse=max(below, exact))


def _p(found: Estimate, clears: Callable[[Interval], bool]) -> float:
    def holds(tail: float) -> bool:
        interval = found.interval(1 - 2 * tail)
        return interval is not None and clears(interval)

    low, high = SMALLEST_P, 0.5 - SMALLEST_P
    if not holds(high):
        return 1.0
    if holds(low):
        return low
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def decide(adjusted: Claims, confidence: float) -> Verdict:
    """Better before not worse before worse. Significantly lower but inside the margin is *not worse*: that loss was accepted."""
    tail = (1 - confidence) / 2
    if adjusted.better <= tail:
        return Verdict.BETTER
    if adjusted.not_worse <= tail:
        return Verdict.NOT_WORSE
    return Verdict.WORSE if adjusted.worse <= tail else Verdict.CANNOT_TELL


def needed(found: Estimate | None, margin: float, confidence: float, family: int = 1) -> int | None:
    """Samples after which the likelier of "not worse" and "worse" would be claimed with probability 0.8, if the true
    difference is the one seen; never below one more than there are. None when no number would tell (no margin, no difference).

    The confidence is shared among the `family` (Bonferroni), a little more than Holm asks.
    """
    seen, sd, pairs, effect = 0.0, PLANNING_SD, 0, 1.0
    if found is not None and found.paired.units > 1:
        seen, sd, pairs, effect = found.paired.mean, found.paired.sd, found.paired.pairs, found.paired.design_effect
    distance = max(margin + seen, -seen)
    if distance <= 0:
        return None
    shared = 1 - (1 - confidence) / family
    return max(pairs + 1, required_n(sd, distance, confidence=shared, design_effect=effect))


def sentence(pairs: Pairs, found: Estimate, verdict: Verdict, *, margin: float, confidence: float, enough: int | None) -> str:
    """The figures, the method and why they make this verdict."""
    interval = found.interval(confidence)
    if interval is None:
        many = "one sample" if found.paired.pairs == 1 else f"{found.paired.pairs} samples of one cluster"
        return f"Only {many} could be compared: no interval can be drawn from that.{_more(enough)}"
    figures = (
        f"{_mean(pairs.target):.3f} against {_mean(pairs.source):.3f} over {len(pairs.ids)} pairs: {found.paired.mean:+.3f}, "
        f"{confidence:.0%} interval {interval.low:+.3f} to {interval.high:+.3f} ({found.method})."
    )
    return f"{figures} {_why(verdict, interval, margin)}{_more(enough)}{_doubt(pairs, found, interval, margin, confidence)}"


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


def _doubt(pairs: Pairs, found: Estimate, interval: Interval, margin: float, confidence: float) -> str:
    """A warning when resampling draws another conclusion than t, as it may on few or lopsided differences."""
    again = bootstrap_interval(pairs.differences, pairs.clusters, confidence=confidence) if found.table is None else None
    if again is None or _reading(again, margin) == _reading(interval, margin):
        return ""
    return f" A bootstrap interval, {again.low:+.3f} to {again.high:+.3f}, would read otherwise: treat as borderline."


def _reading(interval: Interval, margin: float) -> tuple[bool, bool, bool]:
    return interval.low > 0, interval.low > -margin, interval.high < 0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
