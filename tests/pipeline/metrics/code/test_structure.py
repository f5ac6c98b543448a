"""JSON that is JSON, JSON that only looks like it, and fields compared with a reference."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.metrics import METRICS
from pipeline.records import Output, Sample, Score

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def score(metric: str, text: str, reference: str | None = None) -> Score:
    return METRICS[metric].score(Sample(id="s", variables={}, reference=reference), Output(sample_id="s", text=text))


@pytest.mark.parametrize("text", ['{"a": 1}', " [1, 2]\n", '"text"', "3", "null"])
def test_json_is_valid(text: str) -> None:
    assert score("json_valid", text).value == 1.0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('```json\n{"a": 1}\n```', "inside a Markdown fence"),
        ('Sure!\n```\n{"a": 1}\n```', "inside a Markdown fence"),
        ('{"a": 1} Hope this helps.', "Extra data"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": 1, "a": 2}', "twice"),
        ("{'a': 1}", "not valid JSON"),
        ("```json\n{'a'}\n```", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": 1', "not valid JSON"),
    ],
)
def test_what_only_looks_like_json_is_not(text: str, reason: str) -> None:
    found = score("json_valid", text)
    assert found.value == 0.0
    assert reason in (found.reason or "")


@pytest.mark.parametrize(
    ("given", "value", "reason"),
    [
        ({"name": "Ada", "address": {"city": "Rome", "zip": "1"}, "tags": ["x", "y"]}, 1.0, None),
        ({"name": " Ada ", "address": {"city": "Rome", "zip": "1"}, "tags": ["x", "y"]}, 1.0, None),
        ({"name": "Ada", "address": {"city": "Oslo", "zip": "1"}, "tags": ["x", "y"]}, 0.8, "wrong or missing: address.city"),
        ({"name": "Ada", "tags": ["x", "y"]}, 0.6, "wrong or missing: address.city, address.zip"),
        ({"name": "Ada", "address": {"city": "Rome", "zip": "1"}, "tags": ["x"]}, 0.8, "wrong or missing: tags.1"),
        ({"name": "Ada", "address": {"city": "Rome", "zip": "1"}, "tags": ["x", "y"], "z": 1}, 5 / 6, "not in the reference: z"),
        ([], 0.0, "wrong or missing: name, address.city, address.zip, ...; not in the reference: the value"),
    ],
)
def test_field_accuracy(given: object, value: float, reason: str | None) -> None:
    reference = {"name": "Ada", "address": {"city": "Rome", "zip": "1"}, "tags": ["x", "y"]}
    found = score("json_fields", json.dumps(given), json.dumps(reference))
    assert found.value == pytest.approx(value)
    assert found.reason == reason


def test_true_is_not_one_and_one_is_one_point_zero() -> None:
    assert score("json_fields", '{"a": true}', '{"a": 1}').value == 0.0
    assert score("json_fields", '{"a": 1.0}', '{"a": 1}').value == 1.0


def test_fenced_or_broken_answers_have_no_fields() -> None:
    assert score("json_fields", '```json\n{"a": 1}\n```', '{"a": 1}').value == 0.0
    assert "fence" in (score("json_fields", '```json\n{"a": 1}\n```', '{"a": 1}').reason or "")


def test_a_reference_that_is_not_json_is_unscored() -> None:
    assert score("json_fields", "{}", "see above").unscored == "the reference is not JSON"


@given(value=JSON_VALUES)
def test_any_json_equals_itself(value: object) -> None:
    text = json.dumps(value)
    assert score("json_valid", text).value == 1.0
    assert score("json_fields", text, text).value == 1.0


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ('{"u": "high", "c": {"a": true, "b": false}}', 1.0, None),
        ('{"u": "high", "c": {"a": true, "b": false}, "more": 1}', 1.0, None),
        ('{"u": "high", "c": {"a": true, "b": true}}', 0.75, "wrong or missing: c"),
        ('{"c": {"a": true, "b": false}}', 0.5, "wrong or missing: u"),
        ('{"u": "low", "c": "a"}', 0.0, "wrong or missing: u, c"),
        ("[1]", 0.0, "wrong or missing: u, c"),
        ('```json\n{"u": "high"}\n```', 0.0, "fence"),
    ],
)
def test_top_fields_weigh_alike_however_much_is_in_them(text: str, value: float, reason: str | None) -> None:
    found = score("json_top_fields", text, '{"u": "high", "c": {"a": true, "b": false}}')
    assert found.value == value
    assert found.reason == reason or (reason is not None and found.reason is not None and reason in found.reason)


@pytest.mark.parametrize("reference", ["[1]", "{}", "3", "no JSON"])
def test_top_fields_need_a_reference_that_has_some(reference: str) -> None:
    assert score("json_top_fields", "{}", reference).value is None


@given(st.dictionaries(st.text(max_size=5), JSON_VALUES, min_size=1, max_size=4))
def test_an_object_has_all_its_own_top_fields(value: dict[str, object]) -> None:
    assert score("json_top_fields", json.dumps(value), json.dumps(value)).value == 1.0
