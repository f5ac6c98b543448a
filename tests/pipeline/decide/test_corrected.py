"""A judge's rate as people would have given it: point, interval, and when there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decide.corrected import Calibration, corrected
from pipeline.decide.statistics import wilson

KNOWN = Calibration(yes_yes=92, no_yes=8, yes_no=15, no_no=45)


def test_the_rate_is_rogan_and_gladens() -> None:
    found = corrected(786, 1000, KNOWN)
    assert (KNOWN.sensitivity, KNOWN.specificity) == (0.92, 0.75)
    assert found.rate == pytest.approx((0.786 + 0.75 - 1) / (0.92 + 0.75 - 1))  # 0.80
    assert found.interval is not None
    # as the code that Lee et al. publish with their paper gives it
    assert (found.interval.low, found.interval.high) == pytest.approx((0.72158, 0.89085), abs=1e-5)


def test_a_perfect_judge_changes_little_and_a_small_calibration_widens() -> None:
    sure = corrected(800, 1000, Calibration(yes_yes=5000, no_yes=0, yes_no=0, no_no=5000))
    unsure = corrected(800, 1000, Calibration(yes_yes=20, no_yes=0, yes_no=0, no_no=10))
    assert sure.rate == unsure.rate == pytest.approx(0.8)
    assert sure.interval is not None
    assert unsure.interval is not None
    naive = wilson(800, 1000)
    assert (sure.interval.low, sure.interval.high) == pytest.approx((naive.low, naive.high), abs=0.003)
    assert unsure.interval.high - unsure.interval.low > 3 * (naive.high - naive.low)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (Calibration(yes_yes=9, no_yes=1, yes_no=0, no_no=0), "people never said no"),
        (Calibration(yes_yes=0, no_yes=0, yes_no=1, no_no=9), "people never said yes"),
        (Calibration(yes_yes=5, no_yes=5, yes_no=5, no_no=5), "no more often than a coin"),
    ],
)
def test_where_nothing_corrects_the_rate_the_reason_is_said(known: Calibration, reason: str) -> None:
    found = corrected(50, 100, known)
    assert (found.rate, found.interval) == (None, None)
    assert reason in found.reason


@given(counts=st.tuples(*[st.integers(0, 40)] * 4), passed=st.integers(0, 100))
def test_rate_and_interval_stay_between_none_and_all(counts: tuple[int, int, int, int], passed: int) -> None:
    found = corrected(passed, 100, Calibration(yes_yes=counts[0], no_yes=counts[1], yes_no=counts[2], no_no=counts[3]))
    if found.rate is not None and found.interval is not None:
        assert 0 <= found.interval.low <= found.rate <= found.interval.high <= 1


def test_the_corrected_interval_covers_where_the_naive_one_does_not() -> None:
    """True pass rate .80; a judge with sensitivity .92 and specificity .75, calibrated on 100 passes and 60 fails."""
    rng, truth, rounds = np.random.default_rng(11), 0.80, 1_500
    passed = rng.binomial(1000, truth * 0.92 + (1 - truth) * 0.25, rounds)
    hits, misses = rng.binomial(100, 0.92, rounds), rng.binomial(60, 0.25, rounds)
    naive = fixed = 0
    for p, hit, miss in zip(passed.tolist(), hits.tolist(), misses.tolist(), strict=True):
        plain = wilson(p, 1000)
        naive += plain.low <= truth <= plain.high
        known = Calibration(yes_yes=hit, no_yes=100 - hit, yes_no=miss, no_no=60 - miss)
        interval = corrected(p, 1000, known).interval
        fixed += interval is not None and interval.low <= truth <= interval.high
    assert naive / rounds < 0.85
    assert 0.93 <= fixed / rounds <= 0.97
