"""The statistics of a paired comparison, each with its source. Differences are target minus source, one per sample.

No interval here claims certainty that the data do not hold: fewer than two independent units give none, and units that
all differ by the same amount get the width of the rule of three instead of zero.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from pipeline.records import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Units = Sequence[str] | NDArray[np.int64] | None  # names, or numbers in the order of the names

DRAWS = 10_000
FEW_KINDS = 64  # up to so many different units, resampling counts of each kind is faster than resampling units
SPAN = 1.0  # scores lie in [0, 1]: an unseen difference is at most this far from zero
PLANNING_SD = 0.35  # of a difference, before any run: a yes/no answer that changes in about one sample of eight (0.35² = 0.12)
ALIKE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Mean difference over `pairs` samples in `units` independent units; `error` is its standard error, `sd` that of one pair.

    `freedom` are the degrees of freedom of the error: units - 1, fewer where a few clusters hold most of the samples.
    `design_effect` is the factor by which clusters inflate the variance of the mean (1 without clusters). `gains` and `losses`
    count the units above and below zero, `typical` is the root mean square of what such a unit adds.
    """

    mean: float
    error: float
    sd: float
    pairs: int
    units: int
    freedom: float
    design_effect: float = 1.0
    gains: int = 0
    losses: int = 0
    typical: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A yes/no metric on pairs: how often both passed, only the target, only the source, neither."""

    both: int
    target_only: int
    source_only: int
    neither: int

    @property
    def pairs(self) -> int:
        return self.both + self.target_only + self.source_only + self.neither


def paired(differences: "Sequence[float] | NDArray[np.float64]", clusters: "Units" = None) -> Paired:
    """Mean and (clustered) standard error of at least one difference; `clusters` names each one's unit, None = all apart.

    Miller 2024, "Adding Error Bars to Evals" (arXiv:2411.00640): the clustered variance is the sum over clusters of
    (sum of deviations in it)² / n², here each divided by 1 - its share of the samples (Bell & McCaffrey 2002, Survey Methodology
    28:169, "CR2"), which is the factor C / (C - 1) for clusters of one size. One pair per unit gives s / √n.
    """
    import numpy as np

    values = np.asarray(differences, dtype=float)
    n = len(values)
    mean = float(values.mean())
    sd = float(values.std(ddof=1)) if n > 1 else 0.0
    sums, sizes = _units(values - mean, clusters)
    units = len(sums)
    error = math.sqrt(float((sums**2 / (1 - sizes / n)).sum())) / n if units > 1 else 0.0
    naive = sd / math.sqrt(n)
    effect = (error / naive) ** 2 if units < n and naive > ALIKE and error > 0 else 1.0
    moved = (sums + mean * sizes) * units / n
    changed = moved[np.abs(moved) > ALIKE]
    return Paired(
        mean=mean,
        error=error,
        sd=sd,
        pairs=n,
        units=units,
        freedom=_freedom(sizes),
        design_effect=effect,
        gains=int((changed > 0).sum()),
        losses=int((changed < 0).sum()),
        typical=math.sqrt(float((changed**2).mean())) if len(changed) else 0.0,
    )


def _freedom(sizes: "NDArray[np.float64]") -> float:
    """Satterthwaite's degrees of freedom of the clustered error of a mean.

    Bell & McCaffrey 2002 for pairs of one variance, in closed form for an intercept alone: n² / (Σ m² + Σ_{g≠h} q_g q_h / n²)
    with cluster sizes m and q = m² / (1 - m / n). Equals C - 1 for clusters of one size. One large cluster among single samples
    leaves few: with 40 samples in one cluster and 60 alone, C - 1 degrees cover 82 % where these cover 94 %.
    """
    n, units = float(sizes.sum()), len(sizes)
    if units < 2 or float(sizes.max()) == float(sizes.min()):
        return float(units - 1)
    weight = sizes**2 / (1 - sizes / n)
    cross = float(weight.sum()) ** 2 - float((weight**2).sum())
    return n**2 / (float((sizes**2).sum()) + cross / n**2)


def t_interval(estimate: Paired, confidence: float = 0.95) -> Interval | None:
    """Student's t interval of the mean difference with the degrees of freedom of its error; None below two units.

    When all units differ by the same amount, t would give width zero. Then: were a share p of unseen samples to differ, at
    most `SPAN` away from zero, n like ones have probability (1 - p)ⁿ; the largest p not refuted is 1 - (α / 2)^(1 / n), the exact
    form of the rule of three (Hanley & Lippman-Hand 1983, JAMA 249:1743). The interval is the mean moved by that share.
    """
    from scipy.special import stdtrit

    if estimate.units < 2:
        return None
    tail = (1 - confidence) / 2
    if estimate.error <= ALIKE:
        unseen = 1 - tail ** (1 / estimate.units)
        return Interval(low=estimate.mean - unseen * (SPAN + estimate.mean), high=estimate.mean + unseen * (SPAN - estimate.mean))
    half = float(stdtrit(estimate.freedom, 1 - tail)) * estimate.error
    return Interval(low=estimate.mean - half, high=estimate.mean + half)


def mean_interval(estimate: Paired, confidence: float = 0.95) -> Interval | None:
    """The interval a comparison rests on: that of t, or the wider one of `rare_interval` where few units differ, end by end."""
    by_t, by_count = t_interval(estimate, confidence), rare_interval(estimate, confidence)
    if by_t is None or by_count is None:
        return by_t
    return Interval(low=min(by_t.low, by_count.low), high=max(by_t.high, by_count.high))


def rare_interval(estimate: Paired, confidence: float = 0.95) -> Interval | None:
    """The mean difference from the shares of units that gained and lost, each of typical size; None where `t_interval` counts.

    When few units differ, t draws its spread from these few and claims too much: where 5 % of 100 samples lost all, "not worse"
    than that very loss was claimed in 11 % of simulated runs instead of 2.5 %, and in 0.4 % with this. Wilson's limits of both
    shares are combined as for a difference of two estimates (Zou & Donner 2008, Statistics in Medicine 27:1693).
    """
    units = estimate.units
    if units < 2 or estimate.error <= ALIKE or estimate.typical <= 0:
        return None
    gains, losses = wilson(estimate.gains, units, confidence), wilson(estimate.losses, units, confidence)
    gained, lost = estimate.gains / units, estimate.losses / units
    down = estimate.typical * math.hypot(gained - gains.low, losses.high - lost)
    up = estimate.typical * math.hypot(gains.high - gained, lost - losses.low)
    return Interval(low=estimate.mean - down, high=estimate.mean + up)


def bootstrap_interval(
    differences: "Sequence[float] | NDArray[np.float64]",
    clusters: "Units" = None,
    *,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval | None:
    """Percentile bootstrap of the mean difference, whole units resampled; None below two units. Same seed, same interval.

    Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13. Falls back on the rule of `t_interval` when all
    units differ alike, since resampling cannot show what it has never seen.
    """
    import numpy as np

    estimate = paired(differences, clusters)
    if estimate.units < 2 or estimate.error <= ALIKE:
        return t_interval(estimate, confidence)
    sums, sizes = _units(np.asarray(differences, dtype=float), clusters)
    means = _resampled(sums, sizes, draws, np.random.default_rng(seed))
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(low=min(float(low), estimate.mean), high=max(float(high), estimate.mean))


def _resampled(
    sums: "NDArray[np.float64]", sizes: "NDArray[np.float64]", draws: int, rng: "np.random.Generator"
) -> "NDArray[np.float64]":
    """Means of `draws` resamples of the units, in chunks of bounded memory."""
    import numpy as np

    kinds, counts = np.unique(np.column_stack((sums, sizes)), axis=0, return_counts=True)
    if len(kinds) <= FEW_KINDS:
        drawn = rng.multinomial(len(sums), counts / len(sums), size=draws)
        return np.asarray((drawn @ kinds[:, 0]) / (drawn @ kinds[:, 1]), dtype=float)
    means, alike = np.empty(draws), bool((sizes == 1).all())
    step = max(1, 250_000 // len(sums))
    for start in range(0, draws, step):
        picked = rng.integers(0, len(sums), (min(step, draws - start), len(sums)), dtype=np.int32).astype(np.intp)
        total = sums.take(picked, mode="clip").sum(axis=1)  # every place is there: looking whether it is takes longer
        counted = len(sums) if alike else sizes.take(picked, mode="clip").sum(axis=1)
        means[start : start + len(picked)] = total / counted
    return means


def _units(values: "NDArray[np.float64]", clusters: "Units") -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Sum and size of each unit, in the order of their names."""
    import numpy as np

    if clusters is None:
        return values, np.ones(len(values))
    numbered = isinstance(clusters, np.ndarray) and clusters.dtype.kind == "i"
    named = clusters if numbered else np.asarray(clusters, dtype=object).astype(str)
    _, unit = np.unique(named, return_inverse=True)
    return np.bincount(unit, weights=values).astype(np.float64), np.bincount(unit).astype(np.float64)


def mcnemar(source_only: int, target_only: int) -> float:
    """Exact two-sided p that source and target pass equally often: a fair coin over the discordant pairs.

    McNemar 1947, Psychometrika 12:153; exact form as in Fagerland, Lydersen & Laake 2013, BMC Medical Research Methodology 13:91.
    """
    from scipy.special import bdtr

    discordant = source_only + target_only
    return min(1.0, 2 * float(bdtr(min(source_only, target_only), discordant, 0.5))) if discordant else 1.0


def wilson(passed: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion (1927, JASA 22:209), n > 0."""
    z = _z((1 + confidence) / 2)
    share, spread = passed / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return Interval(low=max(0.0, min(share, middle - half)), high=min(1.0, max(share, middle + half)))


def newcombe(table: Table, confidence: float = 0.95) -> Interval | None:
    """Interval of the paired difference of pass rates, target minus source; None without pairs.

    Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions based on paired data",
    Statistics in Medicine 17:2635, method 10: Wilson limits of both rates, combined with their correlation phi, whose numerator
    is moved towards zero by n / 2 where positive. Never of width zero, also without a single discordant pair.
    """
    n = table.pairs
    if n == 0:
        return None
    target, source = table.both + table.target_only, table.both + table.source_only
    ours, theirs, phi = wilson(target, n, confidence), wilson(source, n, confidence), _phi(table)
    difference = (table.target_only - table.source_only) / n
    down, up = target / n - ours.low, ours.high - target / n
    source_down, source_up = source / n - theirs.low, theirs.high - source / n
    low = difference - math.sqrt(max(0.0, down**2 - 2 * phi * down * source_up + source_up**2))
    high = difference + math.sqrt(max(0.0, source_down**2 - 2 * phi * source_down * up + up**2))
    return Interval(low=max(-1.0, low), high=min(1.0, high))


def _phi(table: Table) -> float:
    e, f, g, h = table.both, table.target_only, table.source_only, table.neither
    scale = (e + f) * (g + h) * (e + g) * (f + h)
    if scale == 0:
        return 0.0
    cross = e * h - f * g
    return (max(0.0, cross - table.pairs / 2) if cross > 0 else cross) / math.sqrt(scale)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p values in the given order; those at most α may be claimed together with family-wise error at most α.

    Holm 1979, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6:65.
    """
    adjusted = [1.0] * len(p_values)
    worst = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = worst
    return tuple(adjusted)


def required_n(
    sd: float, distance: float, *, confidence: float = 0.95, power: float = 0.8, design_effect: float = 1.0, span: float = SPAN
) -> int:
    """Samples whose interval stays within `distance` on one side of the true difference with probability `power`.

    n = design_effect · ((z(1 - α / 2) + z(power)) · sd / distance)² (Julious 2004, Statistics in Medicine 23:1921), and never
    fewer than the rule of three needs for that distance, ln(α / 2) / ln(1 - distance / span). ValueError unless distance > 0.
    """
    if distance <= 0:
        raise ValueError("the distance to tell must be positive")
    normal = design_effect * ((_z((1 + confidence) / 2) + _z(power)) * sd / distance) ** 2
    share = min(distance / span, 1 - ALIKE)
    unseen = math.log((1 - confidence) / 2) / math.log1p(-share)
    return max(2, math.ceil(normal), math.ceil(unseen))


def _z(probability: float) -> float:
    return NormalDist().inv_cdf(probability)
