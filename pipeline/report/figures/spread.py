"""A mean with its interval, rounded once, so that every format prints the same and the hash survives a last-bit difference."""

from collections.abc import Mapping, Sequence

from pipeline.decide.statistics import paired, t_interval, wilson
from pipeline.records import Interval
from pipeline.report.records import Quantity

DIGITS = 6
SHARES = (0.0, 1.0)


def mean_of(
    values: Mapping[str, float], clusters: Mapping[str, str], confidence: float, *, binary: bool = False, bounded: bool = True
) -> Quantity:
    """The mean of `values` by sample: Wilson's interval for yes/no values on independent samples, else Student's t over clusters.

    `bounded` keeps the interval within [0, 1] when all values are. No interval below two independent samples.
    """
    given = list(values.values())
    if not given:
        return Quantity(note="no value")
    mean, units = sum(given) / len(given), units_of(values, clusters)
    if binary and units is None and set(given) <= set(SHARES):
        interval: Interval | None = wilson(given.count(1.0), len(given), confidence)
    else:
        interval = t_interval(paired(given, units), confidence)
    if interval is None:
        return Quantity(value=rounded(mean), n=len(given), note="n too small for an interval")
    low, high = interval.low, interval.high
    if bounded and min(given) >= 0 and max(given) <= 1:
        low, high = max(0.0, low), min(1.0, high)
    return Quantity(value=rounded(mean), low=rounded(low), high=rounded(high), n=len(given))


def plain_mean(values: Sequence[float]) -> Quantity:
    """A mean without an interval: of what is counted, not sampled."""
    return Quantity(value=rounded(sum(values) / len(values)), n=len(values)) if values else Quantity(note="not counted")


def units_of(ids: Mapping[str, float], clusters: Mapping[str, str]) -> list[str] | None:
    """The independent unit of each sample; None when no two of these share one."""
    units = [f"cluster {clusters[i]}" if i in clusters else f"sample {i}" for i in ids]
    return units if len(set(units)) < len(units) else None


def rounded(value: float) -> float:
    return round(float(value), DIGITS) + 0.0  # + 0.0: never minus zero
