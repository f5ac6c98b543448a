"""Statistics against published values, scipy and brute force, and what they do at the edges."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from pipeline.decide.statistics import (
    Table,
    bootstrap_interval,
    holm,
    mcnemar,
    newcombe,
    paired,
    required_n,
    t_interval,
    wilson,
)

SCORES = st.floats(-1, 1, allow_nan=False).map(lambda x: round(x, 6))
DIFFERENCES = st.lists(SCORES, min_size=2, max_size=40)
COUNTS = st.integers(0, 60)
TABLES = st.builds(Table, both=COUNTS, target_only=COUNTS, source_only=COUNTS, neither=COUNTS).filter(lambda t: t.pairs > 0)
LEVELS = st.sampled_from([0.8, 0.9, 0.95, 0.99])


def table(both: int, target_only: int, source_only: int, neither: int) -> Table:
    return Table(both=both, target_only=target_only, source_only=source_only, neither=neither)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Fagerland, Lydersen & Laake 2017, "Statistical Analysis of Contingency Tables", chapter 8 (airway hyper-responsiveness,
        # complete response), and Altman et al. 2000, "Statistics with Confidence", table 6.2
        (table(1, 1, 7, 12), -0.507, -0.026),
        (table(59, 6, 16, 80), -0.1186, -0.0046),
        (table(14, 5, 0, 22), 0.011, 0.226),
    ],
)
def test_newcombe_gives_the_published_intervals(counts: Table, low: float, high: float) -> None:
    interval = newcombe(counts)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=6e-4)


@given(source_only=st.integers(0, 200), target_only=st.integers(0, 200))
def test_mcnemar_is_the_exact_binomial_test(source_only: int, target_only: int) -> None:
    assume(source_only + target_only > 0)
    expected = stats.binomtest(source_only, source_only + target_only, 0.5).pvalue
    assert mcnemar(source_only, target_only) == pytest.approx(expected)


def test_mcnemar_published_value_and_no_discordant_pair() -> None:
    assert mcnemar(1, 7) == pytest.approx(0.0703125)  # Fagerland et al. 2013, airway hyper-responsiveness: 0.070
    assert mcnemar(0, 0) == 1.0


@given(n=st.integers(1, 300), share=st.floats(0, 1), level=LEVELS)
def test_wilson_agrees_with_scipy(n: int, share: float, level: float) -> None:
    passed = round(share * n)
    expected = stats.binomtest(passed, n).proportion_ci(level, method="wilson")
    interval = wilson(passed, n, level)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(differences=DIFFERENCES, level=LEVELS)
def test_t_interval_agrees_with_scipy(differences: list[float], level: float) -> None:
    assume(np.std(differences) > 1e-6)
    expected = stats.ttest_1samp(differences, 0).confidence_interval(level)
    interval = t_interval(paired(differences), level)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


@given(differences=DIFFERENCES, groups=st.integers(2, 6))
def test_the_clustered_error_is_millers_double_sum(differences: list[float], groups: int) -> None:
    clusters = [f"c{i % groups}" for i in range(len(differences))]
    n, mean = len(differences), sum(differences) / len(differences)
    pairs = itertools.product(zip(differences, clusters, strict=True), repeat=2)
    variance = sum((a - mean) * (b - mean) / (1 - clusters.count(c) / n) for (a, c), (b, d) in pairs if c == d) / n**2
    assert paired(differences, clusters).error == pytest.approx(math.sqrt(max(0.0, variance)), abs=1e-7)


@given(sizes=st.lists(st.integers(1, 9), min_size=2, max_size=7))
def test_degrees_of_freedom_are_bell_and_mccaffreys(sizes: list[int]) -> None:
    """Their definition with matrices: trace(G)² / trace(G²), G = W'W with one column of weights for each cluster."""
    n = sum(sizes)
    member = np.repeat(np.eye(len(sizes)), sizes, axis=0)
    weights = (member - np.asarray(sizes) / n) / np.sqrt(1 - np.asarray(sizes) / n)
    gram = weights.T @ weights
    clusters = [f"c{k}" for k, size in enumerate(sizes) for _ in range(size)]
    expected = np.trace(gram) ** 2 / (gram**2).sum()
    assert paired([0.1] * n, clusters).freedom == pytest.approx(expected)
    if len(set(sizes)) == 1:
        assert expected == pytest.approx(len(sizes) - 1)


def test_clusters_of_one_are_no_clusters() -> None:
    values = [0.1, -0.2, 0.4, 0.0]
    assert paired(values, ["a", "b", "c", "d"]) == paired(values)


def test_clusters_widen_the_interval() -> None:
    values = [0.3, 0.3, 0.3, -0.2, -0.2, -0.2, 0.1, 0.1, 0.1]
    apart, together = paired(values), paired(values, [*"aaabbbccc"])
    assert together.error > 1.5 * apart.error
    assert together.units == 3
    assert together.design_effect == pytest.approx((together.error / apart.error) ** 2)


@pytest.mark.parametrize("interval", [lambda d: t_interval(paired(d)), bootstrap_interval])
@given(differences=DIFFERENCES)
def test_intervals_contain_the_estimate_and_swap(interval: object, differences: list[float]) -> None:
    assert callable(interval)
    forward, backward = interval(differences), interval([-d for d in differences])
    assert forward.low <= sum(differences) / len(differences) + 1e-12
    assert forward.high >= sum(differences) / len(differences) - 1e-12
    assert forward.low < forward.high
    if interval is not bootstrap_interval:
        assert (forward.low, forward.high) == pytest.approx((-backward.high, -backward.low))


@given(counts=TABLES, level=LEVELS)
def test_newcombe_contains_the_estimate_and_swaps(counts: Table, level: float) -> None:
    there = newcombe(counts, level)
    back = newcombe(table(counts.both, counts.source_only, counts.target_only, counts.neither), level)
    assert there is not None
    assert back is not None
    difference = (counts.target_only - counts.source_only) / counts.pairs
    assert -1 <= there.low <= difference <= there.high <= 1
    assert there.low < there.high
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-9)


@given(counts=TABLES)
def test_more_confidence_is_never_narrower(counts: Table) -> None:
    widths = [i.high - i.low for level in (0.8, 0.95, 0.999) if (i := newcombe(counts, level))]
    assert widths == sorted(widths)


@pytest.mark.parametrize("differences", [[0.3], [0.3, 0.3, 0.3]])
def test_one_unit_gives_no_interval(differences: list[float]) -> None:
    one = ["a"] * len(differences)
    assert t_interval(paired(differences, one)) is None
    assert bootstrap_interval(differences, one) is None


def test_no_pairs_give_no_interval() -> None:
    assert newcombe(table(0, 0, 0, 0)) is None


@pytest.mark.parametrize("value", [0.0, 0.2, -1.0])
@pytest.mark.parametrize("n", [2, 60, 500])
def test_equal_differences_give_the_rule_of_three_not_certainty(value: float, n: int) -> None:
    interval = t_interval(paired([value] * n))
    assert interval is not None
    unseen = 1 - 0.025 ** (1 / n)  # n alike in a row still have probability 2.5 % at this share of others
    assert (1 - unseen) ** n == pytest.approx(0.025)
    assert (interval.low, interval.high) == pytest.approx((value - unseen * (1 + value), value + unseen * (1 - value)))
    assert bootstrap_interval([value] * n) == interval


def test_the_bootstrap_is_seeded_and_close_to_t() -> None:
    differences = np.random.default_rng(3).normal(0.02, 0.3, 400).tolist()
    first, again, other = (bootstrap_interval(differences, seed=seed) for seed in (0, 0, 1))
    exact = t_interval(paired(differences))
    assert first == again != other
    assert first is not None
    assert exact is not None
    assert (first.low, first.high) == pytest.approx((exact.low, exact.high), abs=0.004)


def test_few_kinds_of_units_are_resampled_by_count_to_the_same_interval() -> None:
    differences = np.random.default_rng(4).choice([-1.0, 0.0, 1.0], 300, p=[0.1, 0.7, 0.2])
    counted = bootstrap_interval(differences.tolist())
    one_by_one = bootstrap_interval((differences + np.linspace(0, 1e-9, 300)).tolist())
    assert counted is not None
    assert one_by_one is not None
    assert (counted.low, counted.high) == pytest.approx((one_by_one.low, one_by_one.high), abs=0.004)


def test_the_bootstrap_resamples_whole_clusters() -> None:
    values, clusters = [0.5, 0.5, 0.5, -0.5, -0.5, -0.5] * 5, [*"aaabbb"] * 5
    apart, together = bootstrap_interval(values), bootstrap_interval(values, clusters)
    assert apart is not None
    assert together is not None
    assert together.high - together.low > 2 * (apart.high - apart.low)


def brute_force_holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Step down: the smallest p against alpha / m, the next against alpha / (m - 1), until one fails."""
    claimed = [False] * len(p_values)
    for step, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        if p_values[index] > alpha / (len(p_values) - step):
            break
        claimed[index] = True
    return claimed


@given(p_values=st.lists(st.floats(0, 1), max_size=8), alpha=st.sampled_from([0.01, 0.025, 0.05]))
def test_holm_is_the_step_down_procedure(p_values: list[float], alpha: float) -> None:
    adjusted = holm(p_values)
    assert all(1 >= a >= p for a, p in zip(adjusted, p_values, strict=True))
    close = any(math.isclose(a, alpha, rel_tol=1e-9) for a in adjusted)
    assert close or [a <= alpha for a in adjusted] == brute_force_holm(p_values, alpha)


def test_holm_known_values() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


@pytest.mark.parametrize(("margin", "n"), [(0.05, 303), (0.03, 842), (0.02, 1894), (0.01, 7574)])
def test_required_samples_for_a_margin(margin: float, n: int) -> None:
    assert required_n(0.35, margin, confidence=0.90) == n


def test_required_samples_grow_with_clusters_and_never_fall_below_the_rule_of_three() -> None:
    assert required_n(0.35, 0.05, design_effect=2) == pytest.approx(2 * required_n(0.35, 0.05), abs=2)
    assert required_n(0.0, 0.05) == 72  # (1 - 0.05)^72 < 0.025
    with pytest.raises(ValueError, match="positive"):
        required_n(0.35, 0.0)
