"""A mean with its interval, rounded once, so that every format prints the same and the hash survives a last-bit difference."""

from typing import TYPE_CHECKING

from pipeline.columns import Counts
from pipeline.decide.pairs import shared
from pipeline.decide.statistics import paired, t_interval, wilson
from pipeline.records import Interval
from pipeline.report.records import Quantity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIGITS = 6
SHARES = (0.0, 1.0)


def mean_of(
    values: "NDArray[np.float64]",
    units: "NDArray[np.int64] | None",
    confidence: float,
    *,
    binary: bool = False,
    bounded: bool = True,
) -> Quantity:
    """The mean of `values`, NaN left aside: Wilson's interval for yes/no values on independent samples, else Student's t.

    `units` numbers the independent unit of each value, over which t is drawn; None where each is one of its own. `bounded` keeps
    the interval within [0, 1] when all values are. No interval below two independent samples.
    """
    import numpy as np

    there = ~np.isnan(values)
    given, clusters = values[there], None if units is None else shared(units[there])
    if not len(given):
        return Quantity(note="no value")
    mean = sum(given.tolist()) / len(given)  # one after the other: numpy's sum differs in the last bit
    if binary and clusters is None and bool(np.isin(given, SHARES).all()):
        interval: Interval | None = wilson(int((given == 1.0).sum()), len(given), confidence)
    else:
        interval = t_interval(paired(given, clusters), confidence)
    if interval is None:
        return Quantity(value=rounded(mean), n=len(given), note="n too small for an interval")
    low, high = interval.low, interval.high
    if bounded and given.min() >= 0 and given.max() <= 1:
        low, high = max(0.0, low), min(1.0, high)
    return Quantity(value=rounded(mean), low=rounded(low), high=rounded(high), n=len(given))


def plain_mean(counts: Counts) -> Quantity:
    """A mean without an interval: of what is counted, not sampled."""
    n = int(counts.known.sum())
    return Quantity(value=rounded(counts.total() / n), n=n) if n else Quantity(note="not counted")


def rounded(value: float) -> float:
    return round(float(value), DIGITS) + 0.0  # + 0.0: never minus zero
