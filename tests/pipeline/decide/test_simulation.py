"""Error rates of the verdicts on simulated models, against the rates they state. Seeded; repeated tables are cached."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.decide.statistics import Table, bootstrap_interval, paired, t_interval
from pipeline.decide.verdict import Estimate, claims, decide
from pipeline.records import Verdict

SAMPLES = 150
ROUNDS = 1_500
MARGIN = 0.05
STATED = 0.025  # one side of a 95 % interval


@cache
def verdict(both: int, target_only: int, source_only: int) -> Verdict:
    neither = SAMPLES - both - target_only - source_only
    table = Table(both=both, target_only=target_only, source_only=source_only, neither=neither)
    differences = [1.0] * target_only + [-1.0] * source_only + [0.0] * (both + neither)
    return decide(claims(Estimate(paired=paired(differences), table=table), MARGIN), 0.95)


def rates(cells: tuple[float, float, float, float], seed: int) -> dict[Verdict, float]:
    """Share of each verdict when pairs fall into (both, target only, source only, neither) with these chances."""
    drawn = np.random.default_rng(seed).multinomial(SAMPLES, cells, ROUNDS).tolist()
    found = [verdict(both, target_only, source_only) for both, target_only, source_only, _ in drawn]
    return {v: found.count(v) / ROUNDS for v in Verdict}


def test_two_equal_yes_no_models_are_rarely_told_apart() -> None:
    found = rates((0.78, 0.06, 0.06, 0.10), seed=1)
    noise = 3 * (STATED * (1 - STATED) / ROUNDS) ** 0.5
    assert found[Verdict.BETTER] <= STATED + noise
    assert found[Verdict.WORSE] <= STATED + noise
    assert found[Verdict.NOT_WORSE] > 0.2  # it is no answer never to answer


def test_a_loss_of_the_margin_is_rarely_called_not_worse() -> None:
    found = rates((0.78, 0.035, 0.085, 0.10), seed=2)
    noise = 3 * (0.05 * 0.95 / ROUNDS) ** 0.5
    assert found[Verdict.NOT_WORSE] + found[Verdict.BETTER] <= 0.05 + noise


def test_identical_yes_no_models_without_any_failure_are_never_told_apart() -> None:
    assert rates((1.0, 0.0, 0.0, 0.0), seed=3)[Verdict.NOT_WORSE] == 1.0


def test_a_clear_loss_is_found() -> None:
    assert rates((0.70, 0.02, 0.18, 0.10), seed=4)[Verdict.WORSE] > 0.95


def graded(rounds: int, n: int, seed: int) -> NDArray[np.float64]:
    """Differences of two scores in [0, 1] that share the difficulty of the sample; their true mean is -0.01."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(0.7, 0.15, (rounds, n))
    before, after = shared + rng.normal(0, 0.12, (rounds, n)), shared + rng.normal(-0.01, 0.12, (rounds, n))
    return after - before


def test_t_intervals_of_graded_scores_cover_as_stated() -> None:
    intervals = [t_interval(paired(row)) for row in graded(2_000, 120, seed=5)]
    covered = sum(i is not None and i.low <= -0.01 <= i.high for i in intervals) / len(intervals)
    assert 0.93 <= covered <= 0.97


def test_bootstrap_intervals_of_graded_scores_cover_as_stated() -> None:
    intervals = [bootstrap_interval(row, draws=400, seed=i) for i, row in enumerate(graded(400, 120, seed=6))]
    covered = sum(i is not None and i.low <= -0.01 <= i.high for i in intervals) / len(intervals)
    assert 0.91 <= covered <= 0.98


def test_clustered_intervals_cover_where_naive_ones_do_not() -> None:
    rng = np.random.default_rng(7)
    clusters = np.repeat(np.arange(40), 5).astype(str).tolist()
    rows = np.repeat(rng.normal(0, 0.2, (800, 40)), 5, axis=1) + rng.normal(0, 0.245, (800, 200))
    share = {}
    for name, units in (("clustered", clusters), ("naive", None)):
        intervals = [t_interval(paired(row, units)) for row in rows]
        share[name] = sum(i is not None and i.low <= 0 <= i.high for i in intervals) / len(rows)
    assert 0.93 <= share["clustered"] <= 0.97
    assert share["naive"] < 0.85
