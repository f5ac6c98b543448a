"""A target that retires is told at each step, with the days that are left; before the first step nobody is disturbed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.catalog import Catalog, ModelFacts
from pipeline.monitor.lifecycle import STEPS, notice

TODAY = date(2026, 11, 25)


def facts(days: int | None, *, legacy: bool | None = None) -> ModelFacts:
    known = Catalog().of("bedrock:eu.amazon.nova-lite-v1:0")
    assert known is not None
    return replace(known, retires=None if days is None else (TODAY + timedelta(days=days)).isoformat(), legacy=legacy)


@pytest.mark.parametrize(
    ("days", "key"),
    [(181, None), (180, "180"), (91, "180"), (90, "90"), (31, "90"), (30, "30"), (7, "7"), (1, "7"), (0, "0"), (-9, "0")],
)
def test_each_step_is_a_thing_of_its_own(days: int, key: str | None) -> None:
    found = notice(facts(days), TODAY)
    assert (found.key.partition(":")[2] if found else None) == key


@pytest.mark.parametrize(
    ("days", "legacy", "words"),
    [
        (40, None, "in 40 days"),
        (1, None, "tomorrow"),
        (0, None, "its calls fail"),
        (40, True, "legacy phase, which may cost more"),
        (400, True, "in 400 days"),
        (None, True, "an end of life will follow"),
    ],
)
def test_it_says_when_and_what_to_do(days: int | None, legacy: bool | None, words: str) -> None:
    found = notice(facts(days, legacy=legacy), TODAY)
    assert found is not None
    assert words in found.message
    assert "igrat" in found.message


@pytest.mark.parametrize("legacy", [None, False])
def test_a_model_without_an_end_says_nothing(legacy: bool | None) -> None:
    assert notice(facts(None, legacy=legacy), TODAY) is None


@given(st.integers(-1000, 1000))
def test_a_key_lasts_until_the_next_step(days: int) -> None:
    """What was told is not told again on the next day, unless that day is a step."""
    today, tomorrow = notice(facts(days), TODAY), notice(facts(days), TODAY + timedelta(days=1))
    if today and tomorrow and days - 1 not in STEPS:
        assert today.key == tomorrow.key
