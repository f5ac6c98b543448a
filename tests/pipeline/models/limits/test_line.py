"""The line: never over the rate in any window, refunds exact, and large calls pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.limits.line import HORIZON_S, lend

MOMENTS = st.lists(st.tuples(st.floats(0, 0.3), st.floats(0.001, 0.4)), min_size=1, max_size=25)


@given(MOMENTS)
def test_no_window_ever_has_more_than_its_length_and_one_call(asked: list[tuple[float, float]]) -> None:
    line, now, begun = 0.0, 1000.0, list[tuple[float, float]]()
    for pause, seconds in asked:
        now += pause
        line, start = lend(line, now, seconds)
        if start is not None:
            begun.append((start, seconds))
    for first, (since, _) in enumerate(begun):
        for last in range(first, len(begun)):
            inside = sum(seconds for _, seconds in begun[first:last])  # all but the last, which began at the window's end
            assert inside <= begun[last][0] - since + 1e-6


@given(st.floats(-5, HORIZON_S), st.floats(0.01, 100), st.floats(0, 1))
def test_what_is_given_back_leaves_the_line_where_it_would_have_been(ahead: float, seconds: float, share: float) -> None:
    now = 1000.0
    reserved, start = lend(now + ahead, now, seconds)
    assert start is not None
    corrected, _ = lend(reserved, now, 0.0, back=seconds * share)
    exact, _ = lend(now + ahead, now, seconds * (1 - share))
    assert corrected == pytest.approx(exact, abs=1e-6)


@given(st.floats(-50, 5), st.floats(0.01, 100))
def test_what_was_used_besides_is_owed_however_long_the_line_was_idle(ahead: float, seconds: float) -> None:
    now = 1000.0
    line, _ = lend(now + ahead, now, 0.0, back=-seconds)
    assert line == pytest.approx(max(now + ahead, now) + seconds, abs=1e-6)


def test_a_refund_never_makes_a_burst() -> None:
    line, start = lend(1000.0, 1000.0, 0.0, back=60.0)
    assert (line, start) == (1000.0, 1000.0)


def test_a_call_larger_than_any_burst_waits_for_the_line_and_passes() -> None:
    line, start = lend(1000.2, 1000.0, 90.0)
    assert start == 1000.2
    assert line == pytest.approx(1090.2)
    assert lend(line, 1000.0, 0.001)[1] is None, "who comes after it waits until it is worked off"
