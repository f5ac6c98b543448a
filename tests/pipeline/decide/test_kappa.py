"""Kappa and alpha against published worked examples, and what they say where there is nothing to say."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.decide.kappa import alpha, alpha_interval, cross_table, kappa, kappa_error, kappa_interval

SQUARE = st.integers(2, 4).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 30), min_size=k, max_size=k), min_size=k, max_size=k)
)


def test_kappa_of_cohens_own_example() -> None:
    # Cohen 1968, Psychological Bulletin 70:213: proportions of 200 patients by two judges, unweighted kappa .492
    assert kappa([[88, 14, 18], [10, 40, 10], [2, 6, 12]]) == pytest.approx(0.492, abs=5e-4)


def test_kappa_with_three_classes_as_statsmodels_documents_it() -> None:
    assert kappa([[1, 2, 3], [2, 3, 3], [1, 1, 2]]) == pytest.approx(0.01818, abs=1e-5)


def test_the_error_and_interval_are_the_published_ones() -> None:
    # The example of statpsych's ci.kappa (formulas of Fleiss, Levin & Paik 2003): 0.6757, SE 0.0734, 0.5317 to 0.8196
    table = [[31, 12], [4, 58]]
    interval = kappa_interval(table)
    assert interval is not None
    assert kappa(table) == pytest.approx(0.6756757)
    assert kappa_error(table) == pytest.approx(0.07344761)
    assert (interval.low, interval.high) == pytest.approx((0.5317210, 0.8196303))


@given(table=SQUARE)
def test_kappa_does_not_care_who_is_first_or_how_classes_are_ordered(table: list[list[int]]) -> None:
    found, error = kappa(table), kappa_error(table)
    assume(found is not None)
    turned = [list(row) for row in zip(*table, strict=True)]
    mirrored = [row[::-1] for row in table[::-1]]
    assert kappa(turned) == pytest.approx(found)
    assert kappa(mirrored) == pytest.approx(found)
    assert kappa_error(turned) == pytest.approx(error, abs=1e-9)
    assert kappa_error(mirrored) == pytest.approx(error, abs=1e-9)


@given(table=SQUARE)
def test_the_interval_holds_kappa_and_stays_within_its_bounds(table: list[list[int]]) -> None:
    found, interval = kappa(table), kappa_interval(table)
    assert (found is None) == (interval is None)
    if found is not None and interval is not None:
        assert -1 <= interval.low <= found <= interval.high <= 1


def test_agreeing_always_is_no_certainty() -> None:
    interval = kappa_interval([[10, 0], [0, 10]])
    assert interval is not None
    assert interval.high == 1
    assert interval.low == pytest.approx(1 - (1 - 0.025 ** (1 / 20)) / 0.5)


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[9, 0], [0, 0]]])
def test_without_items_or_with_one_class_kappa_is_unknown(table: list[list[int]]) -> None:
    assert (kappa(table), kappa_error(table), kappa_interval(table)) == (None, None, None)


def test_a_cross_table_counts_pairs_and_refuses_unknown_classes() -> None:
    assert cross_table("aab", "aba", "ab") == ((1, 1), (1, 0))
    with pytest.raises(KeyError):
        cross_table("c", "a", "ab")


def test_alpha_of_krippendorffs_own_example() -> None:
    # Krippendorff 2011, section C: four observers, nominal data with missing values, alpha = .743
    observers = (
        (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
        (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
        (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
        (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
    )
    units = [[column.count(c) for c in (1, 2, 3, 4, 5)] for column in map(list, zip(*observers, strict=True))]
    assert alpha(units) == pytest.approx(0.743, abs=5e-4)


def test_alpha_needs_items_rated_twice_and_more_than_one_class() -> None:
    assert alpha([[1, 0], [0, 1]]) is None
    assert alpha([[2, 0], [2, 0]]) is None
    assert alpha_interval([]) is None


def test_the_interval_of_alpha_is_seeded_and_holds_it() -> None:
    units = [[2, 0, 0], [0, 2, 0], [1, 1, 0], [0, 0, 2], [0, 2, 0], [1, 0, 1]] * 5
    interval, found = alpha_interval(units), alpha(units)
    assert interval == alpha_interval(units) != alpha_interval(units, seed=1)
    assert interval is not None
    assert found is not None
    assert interval.low < found < interval.high
