"""From the pairs of a metric to an estimate, and from an estimate to a verdict."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.decide.pairs import Pairs
from pipeline.decide.statistics import (
    PLANNING_SD,
    Paired,
    Table,
    mcnemar,
    mean_interval,
    newcombe,
    paired,
    required_n,
    t_interval,
)
from pipeline.records import Claims, Interval, Verdict

SMALLEST_P = 1e-10
STEPS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the pairs say of the difference. `table` is there for yes/no metrics on independent pairs, and then rules."""

    paired: Paired
    table: Table | None

    def interval(self, confidence: float) -> Interval | None:
        return newcombe(self.table, confidence) if self.table else mean_interval(self.paired, confidence)

    @property
    def mcnemar(self) -> float | None:
        """Exact two-sided p that both pass equally often; None where the table does not rule."""
        return mcnemar(self.table.source_only, self.table.target_only) if self.table else None

    def method(self, confidence: float) -> str:
        """What the interval is, in words: "Newcombe; exact McNemar p = 0.062", "t over 40 clusters"."""
        if self.mcnemar is not None:
            return f"Newcombe; exact McNemar p = {self.mcnemar:.3f}"
        over = f"t over {self.paired.units} clusters" if self.paired.units < self.paired.pairs else "t"
        if self.paired.error <= 0:
            return f"{over}; all differ alike, so width by the rule of three"
        widened = self.interval(confidence) != t_interval(self.paired, confidence)
        return f"{over}, widened for differences these few samples may not show" if widened else over


def estimate(pairs: Pairs) -> Estimate | None:
    """None without pairs."""
    if not pairs.ids:
        return None
    return Estimate(paired=paired(pairs.differences, pairs.clusters), table=_table(pairs))


def _table(pairs: Pairs) -> Table | None:
    """Counts for a yes/no metric. With clusters there is none: Newcombe and McNemar take pairs as independent."""
    before, after = pairs.source == 1.0, pairs.target == 1.0
    yes_no = bool((before | (pairs.source == 0.0)).all() and (after | (pairs.target == 0.0)).all())
    if not pairs.binary or pairs.clusters is not None or not yes_no:
        return None
    return Table(
        both=int((before & after).sum()),
        target_only=int((~before & after).sum()),
        source_only=int((before & ~after).sum()),
        neither=int((~before & ~after).sum()),
    )


def claims(found: Estimate, margin: float) -> Claims:
    """p values by inverting the interval: the smallest tail at which its end still clears the bound.

    For yes/no metrics "better" and "worse" must convince the exact McNemar test as well.
    """
    above = _p(found, lambda i: i.low > 0)
    below = _p(found, lambda i: i.high < 0)
    exact = (found.mcnemar or 0.0) / 2
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
