"""Columns give back the values that were put in, and refuse what is no number."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pipeline.columns import Counts, Numbers
from pipeline.hashing import canonical_json

FLOATS = st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False))
WHOLE = st.lists(st.none() | st.integers(-(2**62), 2**62))


@dataclass(frozen=True, kw_only=True)
class Holder:
    scores: Numbers
    tokens: Counts = Counts()  # noqa: RUF009  a column never changes


@given(FLOATS, WHOLE)
def test_values_come_back_as_they_were(floats: list[float | None], whole: list[int | None]) -> None:
    numbers, counts = Numbers(floats), Counts(whole)
    assert (list(numbers), list(counts)) == (floats, whole)
    assert (len(numbers), bool(counts)) == (len(floats), bool(whole))
    assert numbers.known.tolist() == [value is not None for value in floats]
    assert counts.known.tolist() == [value is not None for value in whole]
    assert canonical_json(Holder(scores=numbers, tokens=counts)) == canonical_json({"scores": floats, "tokens": whole})
    assert TypeAdapter(Holder).validate_python({"scores": floats, "tokens": whole}) == Holder(scores=numbers, tokens=counts)


def test_a_part_a_total_and_a_comparison() -> None:
    counts = Counts([3, None, 5])
    assert (counts[0], counts[1], counts[-1], list(counts[1:])) == (3, None, 5, [None, 5])
    assert (counts.total(), Counts().total()) == (8, 0)
    assert Numbers([1.0, None]) == Numbers([1.0, None])
    assert Numbers([1.0]) != Numbers([None])
    assert hash(Numbers([1.0, None])) == hash(Numbers([1.0, None]))


@pytest.mark.parametrize("wrong", [["0.5"], [True], [math.nan], [math.inf], [[0.5]], "0.5", {"0": 0.5}])
def test_what_is_no_number_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Holder).validate_python({"scores": wrong})


@pytest.mark.parametrize("wrong", [[0.5], [2**63], [-(2**63)], ["1"], [False]])
def test_what_is_no_count_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Holder).validate_python({"scores": [], "tokens": wrong})
