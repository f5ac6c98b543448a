"""Percentiles of latency: numpy's values, exact binomial intervals, and "n too small" instead of a guess."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.decide.latency import latency, mean, percentile
from pipeline.records import Failure, Output

SECONDS = st.lists(st.floats(0.01, 90), min_size=1, max_size=200).map(sorted)
SHARES = st.sampled_from([0.05, 0.5, 0.9, 0.95, 0.99])


@given(values=SECONDS, share=SHARES)
def test_the_value_is_numpys_default(values: list[float], share: float) -> None:
    assert percentile(values, share).value == pytest.approx(float(np.quantile(values, share)), abs=1e-6)


@given(n=st.integers(1, 600), share=SHARES, level=st.sampled_from([0.95, 0.98]))
def test_the_interval_is_the_narrowest_the_binomial_allows(n: int, share: float, level: float) -> None:
    ranks = [float(i) for i in range(1, n + 1)]
    found, below = percentile(ranks, share, confidence=level), stats.binom(n, share)
    tail = (1 - level) / 2 + 1e-12
    if found.low is not None:
        assert below.cdf(found.low - 1) <= tail < below.cdf(found.low)
    else:
        assert below.cdf(0) > tail
    if found.high is not None:
        assert below.sf(found.high - 1) <= tail < below.sf(found.high - 2)
    else:
        assert below.sf(n - 1) > tail


def test_the_median_of_sixteen_values_lies_between_the_4th_and_the_13th() -> None:
    # tables of the binomial: P(fewer than 4 of 16 heads) = 1.06 %, fewer than 5 = 3.84 %
    found = percentile([float(i) for i in range(1, 17)], 0.5)
    assert (found.low, found.high) == (4, 13)


def test_p99_of_two_hundred_has_no_upper_end() -> None:
    found = percentile([i / 100 for i in range(200)], 0.99)
    assert found.low is not None
    assert (found.high, found.note) == (None, "n too small: 368 answers would bound it")
    assert percentile([i / 100 for i in range(368)], 0.99).high == 3.67


def test_the_interval_of_a_percentile_covers_as_stated() -> None:
    """Exact intervals of a skewed latency: never below 95 %, and not much above (the ranks are whole)."""
    drawn = np.sort(np.random.default_rng(5).lognormal(0, 0.8, (1_500, 150)), axis=1)
    truth = float(stats.lognorm.ppf(0.95, 0.8))
    ranks = percentile([float(i) for i in range(1, 151)], 0.95)
    assert ranks.low is not None
    assert ranks.high is not None
    covered = float(np.mean((drawn[:, int(ranks.low) - 1] <= truth) & (truth <= drawn[:, int(ranks.high) - 1])))
    assert 0.94 <= covered <= 0.985


def test_the_mean_has_students_interval() -> None:
    values = [0.4, 0.5, 0.9, 0.6]
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = mean(values)
    assert (found.value, found.low, found.high) == pytest.approx((0.6, expected.low, expected.high), abs=1e-6)
    assert mean([0.1, 9.0]).low == 0


def test_nothing_and_next_to_nothing_say_so() -> None:
    assert (percentile([], 0.5).value, percentile([], 0.5).note) == (None, "no figures")
    assert (mean([]).n, mean([0.3]).low) == (0, None)
    assert mean([0.3]).note == "n too small: one answer has no spread"
    assert "took the same time" in mean([0.3, 0.3]).note


def test_only_answers_that_carry_a_figure_count() -> None:
    failed = Output(sample_id="f", text=None, latency_s=30, failure=Failure(kind="timeout", message="Try again."))
    streamed = [Output(sample_id=f"s{i}", text="x", latency_s=1 + i / 10, ttft_s=0.2) for i in range(10)]
    found = latency([failed, Output(sample_id="r", text="x"), *streamed])
    assert (found.p50.n, found.p50.value) == (10, 1.45)
    assert (found.p50.low, found.p50.high) == (1.1, 1.8)
    assert (found.ttft_p50.value, found.ttft_p95.n, found.p95.high) == (0.2, 10, None)
    assert found.mean.value == 1.45
