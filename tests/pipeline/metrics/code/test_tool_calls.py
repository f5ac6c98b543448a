"""Calls of tools against a reference in either shape."""

import json
from typing import Any

import pytest

from pipeline.metrics.code.tool_calls import TOOL_CALL
from pipeline.metrics.registry import METRICS
from pipeline.models.failures import failure
from pipeline.records import Output, Sample

EXACT: list[dict[str, Any]] = [{"name": "area.get", "arguments": {"side": 5, "unit": "m", "deep": {"a": [1, True]}}}]
LOOSE = [{"area.get": {"side": [5], "unit": ["sq. m", "m2"], "round": ["", True]}}]


def scored(reference: object, *calls: object, text: str = "", **more: object) -> tuple[float | None, str | None]:
    written = tuple(json.dumps(call) for call in calls)
    sample = Sample(id="1", variables={}, reference=reference if isinstance(reference, str) else json.dumps(reference))
    output = Output(sample_id="1", text=text, tool_calls=written, **more)  # type: ignore[arg-type]
    found = TOOL_CALL.score(sample, output)
    return found.value, found.reason or found.unscored


def call(name: str = "area_get", **given: Any) -> dict[str, object]:
    return {"name": name, "input": given}


RIGHT: dict[str, Any] = {"side": 5.0, "unit": "m", "deep": {"a": [1, True]}}


@pytest.mark.parametrize("name", ["area_get", "area.get"])
def test_an_exact_call_is_right_under_either_name_and_however_numbers_are_written(name: str) -> None:
    assert scored(EXACT, call(name, **RIGHT)) == (1.0, None)
    assert scored(json.dumps(EXACT[0]), call(name, **RIGHT)) == (1.0, None)
    as_text = [{"name": "area.get", "arguments": json.dumps(EXACT[0]["arguments"])}]
    assert scored(as_text, call(name, **RIGHT)) == (1.0, None)


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ([call("volume", **RIGHT)], "called volume instead of area.get"),
        ([call(**{**RIGHT, "side": 6})], "area.get: side is wrong"),
        ([call(**{**RIGHT, "deep": {"a": [1, 1]}})], "area.get: deep is wrong"),
        ([call(side=5, unit="m")], "area.get: deep is missing"),
        ([call(**RIGHT, more=1)], "area.get has the surplus argument more"),
        ([call(**RIGHT), call(**RIGHT)], "made 2 calls instead of 1"),
        ([{"name": "area_get", "input": "{broken"}], "the arguments of area.get are no JSON object"),
        ([], "called no tool instead of area.get"),
    ],
)
def test_what_is_wrong_is_named_without_the_values(calls: list[object], reason: str) -> None:
    assert scored(EXACT, *calls) == (0.0, reason)


def test_the_leaderboards_references_allow_values_and_leave_arguments_out() -> None:
    for given in (call(side=5, unit="sq m"), call(side=5, unit="M2", round=True)):
        assert scored(LOOSE, given) == (1.0, None)
    assert scored(LOOSE, call(side=5)) == (0.0, "area.get: unit is missing")
    assert scored(LOOSE, call(side=5, unit="m2", round=False)) == (0.0, "area.get: round is wrong")
    nested = [{"f": {"range": [{"min": [1], "max": [2, ""]}], "list": [[{"a": ["x"]}]]}}]
    assert scored(nested, call("f", range={"min": 1}, list=[{"a": "X"}])) == (1.0, None)
    assert scored(nested, call("f", range={"max": 2}, list=[{"a": "x"}]))[0] == 0.0
    assert scored(nested, call("f", range={"min": 1, "more": 1}, list=[{"a": "x"}]))[0] == 0.0


def test_several_calls_count_in_any_order() -> None:
    two = [{"name": "f", "arguments": {"a": 1}}, {"name": "f", "arguments": {"a": 2}}]
    assert scored(two, call("f", a=2), call("f", a=1)) == (1.0, None)
    assert scored(two, call("f", a=2), call("f", a=2))[0] == 0.0


def test_where_no_tool_fits_words_are_right_and_a_call_is_wrong() -> None:
    assert scored([], text="I cannot do that.") == (1.0, None)
    assert scored([], call("f")) == (0.0, "called f, and no tool should be called")


def test_what_cannot_be_scored_says_why() -> None:
    assert scored("area of 5", call("f")) == (None, "the reference is no JSON list of calls of tools")
    assert scored('[{"a": 1, "b": 2}]', call("f"))[0] is None
    assert scored(EXACT, text=None, failure=failure("timeout"))[0] is None  # type: ignore[arg-type]
    assert (
        METRICS["exact_match"]
        .score(Sample(id="1", variables={}, reference="x"), Output(sample_id="1", text="", tool_calls=("{}",)))
        .unscored
        is not None
    )
