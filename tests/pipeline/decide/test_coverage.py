"""Intervals on simulated data of known truth: nominal 95 % must hold, and a loss of the margin must not pass as none. Seeded."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.decide.statistics import Table, bootstrap_interval, mean_interval, newcombe, paired, t_interval
from pipeline.records import Interval

ROUNDS = 1_200
MARGIN = 0.05
Rows = NDArray[np.float64]
ONE_BIG = (40, *[1] * 60)
UNEQUAL = (*[1] * 20, *[2] * 10, *[5] * 6, *[10] * 3, 20, 20)


def covered(intervals: Sequence[Interval | None], truth: float) -> float:
    return sum(i is not None and i.low <= truth <= i.high for i in intervals) / len(intervals)


def continuous(rng: np.random.Generator) -> Rows:
    """Two scores that share the difficulty of the sample."""
    shared = rng.normal(0.7, 0.15, (ROUNDS, 20))
    return (shared + rng.normal(-0.01, 0.12, shared.shape)) - (shared + rng.normal(0, 0.12, shared.shape))


def skewed(rng: np.random.Generator) -> Rows:
    """Scores piled up near 1, the target's a little less."""
    return rng.beta(4, 1, (ROUNDS, 30)) - rng.beta(6, 1, (ROUNDS, 30))


def lopsided(rng: np.random.Generator) -> Rows:
    """Most answers alike, a tenth of them worse by anything up to all."""
    return -1.0 * (rng.random((ROUNDS, 100)) < 0.1) * rng.random((ROUNDS, 100))


@pytest.mark.parametrize(("draw", "truth"), [(continuous, -0.01), (skewed, 4 / 5 - 6 / 7), (lopsided, -0.05)])
def test_unclustered_intervals_cover_as_stated(draw: Callable[[np.random.Generator], Rows], truth: float) -> None:
    rows = draw(np.random.default_rng(21))
    assert 0.93 <= covered([mean_interval(paired(row)) for row in rows], truth) <= 0.97


def test_where_few_pairs_differ_t_alone_would_not_cover() -> None:
    rows = lopsided(np.random.default_rng(21))
    assert covered([t_interval(paired(row)) for row in rows], -0.05) < 0.93


@pytest.mark.parametrize("cells", [(0.7, 0.1, 0.1, 0.1), (0.5, 0.2, 0.2, 0.1), (0.4, 0.1, 0.3, 0.2)])
def test_yes_no_intervals_cover_at_least_as_stated(cells: tuple[float, float, float, float]) -> None:
    """Newcombe's is known to err on the safe side where few pairs are discordant, so only its lower limit is strict."""
    drawn = np.random.default_rng(22).multinomial(40, cells, ROUNDS).tolist()
    found = [newcombe(Table(both=b, target_only=t, source_only=s, neither=n)) for b, t, s, n in drawn]
    assert 0.93 <= covered(found, cells[1] - cells[2]) <= 0.99


@pytest.mark.parametrize("sizes", [(5,) * 40, (3,) * 20, UNEQUAL, ONE_BIG])
def test_clustered_intervals_cover_where_naive_ones_do_not(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(23)
    clusters = np.repeat(np.arange(len(sizes)), sizes).astype(str).tolist()
    rows = np.repeat(rng.normal(0, 0.2, (ROUNDS, len(sizes))), sizes, axis=1) + rng.normal(0, 0.2, (ROUNDS, sum(sizes)))
    assert 0.925 <= covered([mean_interval(paired(row, clusters)) for row in rows], 0) <= 0.97  # 1,200 rounds: ± 0.6 %
    assert covered([mean_interval(paired(row)) for row in rows], 0) < 0.9


def test_clustered_yes_no_intervals_cover_as_stated() -> None:
    rng, sizes = np.random.default_rng(24), (*[2] * 15, *[4] * 10, *[8] * 5)
    clusters = np.repeat(np.arange(30), sizes).astype(str).tolist()
    chance = np.repeat(rng.beta(2, 2, (ROUNDS, 30)), sizes, axis=1)
    rows = (rng.random(chance.shape) < chance).astype(float) - (rng.random(chance.shape) < chance)
    assert 0.93 <= covered([mean_interval(paired(row, clusters)) for row in rows], 0) <= 0.975


@pytest.mark.parametrize("clusters", [None, np.repeat(np.arange(30), 4).astype(str).tolist()])
def test_bootstrap_intervals_cover_nearly_as_stated(clusters: list[str] | None) -> None:
    """A percentile bootstrap of few units is a little narrow, which is why it stands beside t and does not rule."""
    rng = np.random.default_rng(25)
    rows = np.repeat(rng.normal(0, 0.2, (300, 30)), 4, axis=1) if clusters else rng.normal(0, 0.2, (300, 120))
    rows = rows + rng.normal(0, 0.2, (300, 120))
    found = [bootstrap_interval(row, clusters, draws=400, seed=i) for i, row in enumerate(rows)]
    assert 0.89 <= covered(found, 0) <= 0.98


def losses(share: float, least: float, most: float, n: int) -> Callable[[np.random.Generator], Rows]:
    return lambda rng: -1.0 * (rng.random((ROUNDS, n)) < share) * rng.uniform(least, most, (ROUNDS, n))


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.normal(-MARGIN, 0.3, (ROUNDS, 60)),
        lambda rng: rng.beta(4, 1, (ROUNDS, 40)) - rng.beta(4, 1, (ROUNDS, 40)) - MARGIN,
        losses(0.05, 1, 1, 100),
        losses(0.05, 1, 1, 300),
        losses(0.05 / 0.6, 0.2, 1, 60),
        losses(0.1, 0.5, 0.5, 60),
    ],
    ids=["continuous", "skewed", "few total losses", "more total losses", "few losses", "few half losses"],
)
def test_a_loss_of_the_whole_margin_rarely_passes_as_not_worse(draw: Callable[[np.random.Generator], Rows]) -> None:
    intervals = [mean_interval(paired(row)) for row in draw(np.random.default_rng(26))]
    claimed = sum(i is not None and i.low > -MARGIN for i in intervals) / ROUNDS
    assert claimed <= 0.05 + 3 * (0.05 * 0.95 / ROUNDS) ** 0.5


def test_a_loss_of_the_margin_in_unequal_clusters_rarely_passes_as_not_worse() -> None:
    rng = np.random.default_rng(27)
    clusters = np.repeat(np.arange(len(UNEQUAL)), UNEQUAL).astype(str).tolist()
    rows = np.repeat(rng.normal(-MARGIN, 0.1, (ROUNDS, len(UNEQUAL))), UNEQUAL, axis=1)
    rows = rows + rng.normal(0, 0.15, rows.shape)
    intervals = [mean_interval(paired(row, clusters)) for row in rows]
    claimed = sum(i is not None and i.low > -MARGIN for i in intervals) / ROUNDS
    assert claimed <= 0.05 + 3 * (0.05 * 0.95 / ROUNDS) ** 0.5
