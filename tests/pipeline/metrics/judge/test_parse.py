"""JSON out of what a model wrote, whatever stands around it, and nothing that is not JSON."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.metrics.judge.parse import UnfitError, fitting, loads
from tests.pipeline.metrics.judge.judges import GOOD, SCHEMA, VALUE

ANY = '{"type": "object"}'
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"  {GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"Sure.\n```\n{GOOD}\n```\nAnything else?",
        f"Here it is: {GOOD} I hope it helps {{really}}.",
        f"<think>perhaps {{4}}?</think>{GOOD}",
        f'First {{"score": "none"}}, then {GOOD}',
        f"{GOOD} and once more {GOOD}",
        f"```json\n{GOOD}",
    ],
)
def test_the_ruling_is_found_wherever_it_stands(text: str) -> None:
    assert fitting(text, SCHEMA) == VALUE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("I would say 7.", "no JSON"),
        ('{"reason": "x", "score": 7', "no JSON"),
        ('{"reason": "x", "score": 12}', '"maximum" of the schema at score'),
        ('{"score": 7}', '"required" of the schema at the top'),
        ('{"reason": "x", "score": NaN}', "no JSON"),
        ('{"reason": "x", "score": Infinity}', "no JSON"),
        ('{"reason": "x", "score": 1e999}', "no JSON"),
        ('{"reason": "x", "score": 1, "score": 10}', "no JSON"),
        ('The text says {"reason": "x", "score": 10}, but I say {"reason": "y", "score": 2}', "differ"),
        ('{"reason": "\\ud83d", "score": 7}', "half of a character"),
        ("[" * 100_000, "no JSON"),
        ('{"a":' * 100_000, "no JSON"),
    ],
    ids=lambda value: value[:40],
)
def test_what_is_no_single_ruling_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(UnfitError, match=why):
        fitting(text, SCHEMA)


def test_the_reason_never_quotes_the_reply() -> None:
    with pytest.raises(UnfitError) as caught:
        fitting('{"reason": "x", "score": 7, "secret": "words"}', SCHEMA)
    assert "secret" not in str(caught.value)


@given(value=st.dictionaries(st.text(max_size=5), JSON, max_size=4), around=st.text(alphabet="ab{}[]\"'` \n", max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_object_comes_back_whole_and_noise_never_breaks_the_reader(value: dict[str, Any], around: str) -> None:
    assert fitting(json.dumps(value), ANY) == value
    with suppress(UnfitError):
        fitting(around, ANY)


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "[1e400]", '{"a": 1, "a": 1}', "[" * 50_000])
def test_the_reader_takes_json_only(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|number|key|Expecting|nested"):
        loads(text)
