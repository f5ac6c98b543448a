"""Error rates of the verdicts on simulated models, against the rates they state. Seeded; repeated tables are cached."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.special import ndtr

from pipeline.decide.statistics import Table, holm, paired, required_n
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


def test_two_identical_graded_models_are_not_worse_at_the_rate_the_sample_size_promises() -> None:
    """`required_n` promises power 0.8 for "not worse" between equals; "better" stays at one tail."""
    n = required_n(0.2, MARGIN)
    rng = np.random.default_rng(8)
    found = [decided(row) for row in rng.normal(0, 0.2, (1_000, n))]
    assert 0.76 <= sum(v in {Verdict.NOT_WORSE, Verdict.BETTER} for v in found) / 1_000 <= 0.84
    assert found.count(Verdict.BETTER) / 1_000 <= STATED + 3 * (STATED * (1 - STATED) / 1_000) ** 0.5
    assert found.count(Verdict.WORSE) / 1_000 <= STATED + 3 * (STATED * (1 - STATED) / 1_000) ** 0.5


def decided(differences: Sequence[float]) -> Verdict:
    return decide(claims(Estimate(paired=paired(differences), table=None), MARGIN), 0.95)


def test_sixty_null_comparisons_claim_nothing_together() -> None:
    """Five targets of twelve metrics, correlated within a target: the family-wise error of both directions is at most 5 %."""
    rng, rounds = np.random.default_rng(9), 800
    shared = np.repeat(rng.normal(size=(rounds, 5)), 12, axis=1)
    p_better = ndtr(-(0.7 * shared + (1 - 0.7**2) ** 0.5 * rng.normal(size=(rounds, 60))))
    smallest = [min(*holm(row), *holm([1 - p for p in row])) for row in p_better.tolist()]
    plain = np.minimum(p_better, 1 - p_better).min(axis=1)
    assert np.mean(plain <= STATED) > 0.7
    assert np.mean(np.asarray(smallest) <= STATED) <= 0.05 + 3 * (0.05 * 0.95 / rounds) ** 0.5
