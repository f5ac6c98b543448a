"""Agreement beyond chance: Cohen's kappa of two raters with its interval, Krippendorff's alpha of several."""

import math
from collections.abc import Hashable, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

from pipeline.decide.statistics import ALIKE
from pipeline.records import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DRAWS = 2_000


def cross_table(
    first: Sequence[Hashable], second: Sequence[Hashable], classes: Sequence[Hashable]
) -> tuple[tuple[int, ...], ...]:
    """How often the first rater said the row's class and the second the column's. KeyError for a class not among `classes`."""
    place = {found: i for i, found in enumerate(classes)}
    counts = [[0] * len(classes) for _ in classes]
    for a, b in zip(first, second, strict=True):
        counts[place[a]][place[b]] += 1
    return tuple(map(tuple, counts))


def kappa(table: Sequence[Sequence[int]]) -> float | None:
    """Cohen's kappa of a square table (Cohen 1960, Educational and Psychological Measurement 20:37).

    None where chance alone would agree always: no items, or one class used by both raters throughout.
    """
    agreed, chance = _shares(table)
    return None if 1 - chance <= ALIKE else (agreed - chance) / (1 - chance)


def kappa_error(table: Sequence[Sequence[int]]) -> float | None:
    """Large-sample standard error of kappa (Fleiss, Cohen & Everitt 1969, Psychological Bulletin 72:323)."""
    import numpy as np

    agreed, chance = _shares(table)
    if 1 - chance <= ALIKE:
        return None
    n = sum(map(sum, table))
    p = np.asarray(table, dtype=float) / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    margins = columns[:, None] + rows[None, :]  # of cell (i, j): column total of i and row total of j
    same = np.diag(p) * ((1 - chance) - np.diag(margins) * (1 - agreed)) ** 2
    other = (p * margins**2).sum() - (np.diag(p) * np.diag(margins) ** 2).sum()
    variance = same.sum() + (1 - agreed) ** 2 * other - (agreed * chance - 2 * chance + agreed) ** 2
    return math.sqrt(max(0.0, float(variance)) / n) / (1 - chance) ** 2


def kappa_interval(table: Sequence[Sequence[int]], confidence: float = 0.95) -> Interval | None:
    """Kappa ± z · its large-sample error, within [-1, 1]; None where kappa is unknown.

    When all agree, that error is zero. Then a share of unseen disagreements as large as the rule of three allows (see
    `t_interval`) moves the lower end.
    """
    middle, error = kappa(table), kappa_error(table)
    if middle is None or error is None:
        return None
    agreed, chance = _shares(table)
    tail = (1 - confidence) / 2
    if 1 - agreed <= ALIKE:
        unseen = 1 - tail ** (1 / sum(map(sum, table)))
        return Interval(low=max(-1.0, 1 - unseen / (1 - chance)), high=1.0)
    half = NormalDist().inv_cdf(1 - tail) * error
    return Interval(low=max(-1.0, middle - half), high=min(1.0, middle + half))


def _shares(table: Sequence[Sequence[int]]) -> tuple[float, float]:
    """Observed agreement, and what chance alone would give with these margins (1 for an empty table)."""
    n = sum(map(sum, table))
    if n == 0:
        return 1.0, 1.0
    agreed = sum(row[i] for i, row in enumerate(table)) / n
    chance = sum(sum(row) * sum(other[i] for other in table) for i, row in enumerate(table)) / n**2
    return agreed, chance


def alpha(units: Sequence[Sequence[int]]) -> float | None:
    """Krippendorff's nominal alpha; `units` count for each item how many raters chose each class.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability". Items with one rater say nothing. None where nothing was
    rated twice or all chose one class throughout.
    """
    import numpy as np

    twice = np.asarray([unit for unit in units if sum(unit) > 1], dtype=float)
    return None if len(twice) == 0 else _alphas(twice, np.ones((1, len(twice))))[0]


def alpha_interval(
    units: Sequence[Sequence[int]], confidence: float = 0.95, *, draws: int = DRAWS, seed: int = 0
) -> Interval | None:
    """Percentile bootstrap of alpha over the items rated twice; None where alpha is unknown. Same seed, same interval."""
    import numpy as np

    middle = alpha(units)
    if middle is None:
        return None
    twice = np.asarray([unit for unit in units if sum(unit) > 1], dtype=float)
    times = np.random.default_rng(seed).multinomial(len(twice), np.full(len(twice), 1 / len(twice)), size=draws)
    found = [value for value in _alphas(twice, times.astype(float)) if value is not None]
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(low=min(float(low), middle), high=max(float(high), middle))


def _alphas(units: "NDArray[np.float64]", times: "NDArray[np.float64]") -> list[float | None]:
    """Alpha for each row of `times`, which says how often every unit counts."""
    raters = units.sum(axis=1)
    disagreeing = (raters**2 - (units**2).sum(axis=1)) / (raters - 1)
    totals, values = times @ units, times @ raters
    observed = (times @ disagreeing) / values
    expected = (values**2 - (totals**2).sum(axis=1)) / (values * (values - 1))
    return [float(1 - o / e) if e > ALIKE else None for o, e in zip(observed, expected, strict=True)]
