"""A report follows from its stored cells, whatever the runs; any figure or cell that is changed is found and named."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.hashing import canonical_json, content_hash
from pipeline.records import Failure, MetricChoice, Output, RunKey, RunResult, Sample, Score, Split, Usage
from pipeline.report.build import build
from pipeline.report.recompute import GIVEN, TEXTS, Recomputed, recompute
from pipeline.report.records import Arm, Report, ReportInputs
from pipeline.report.storage import dumps, loads, read
from tests.pipeline.report import made

FULL = dumps(build(made.full()))
FIGURES = [field.name for field in fields(Report) if field.name not in GIVEN]


def changed(*leaves_: tuple[list[Any], Any], honest_hash: bool = True) -> Recomputed:
    """The full report with some leaves changed; with a hash made to fit, so that only recomputing can tell."""
    whole = json.loads(FULL)
    for path, value in leaves_:
        place = whole["report"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
    if honest_hash:
        whole["hash"] = content_hash(whole["report"])
    return recompute(read(canonical_json(whole)))


def leaves(value: Any, path: list[Any]) -> Iterator[tuple[list[Any], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, [*path, key])
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, [*path, place])
    else:
        yield path, value


def other(value: Any) -> Any:
    """Another value of the same kind that the file's form still takes."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value + 0.001
    return {"better": "worse", "worse": "better", "cannot tell": "better", "not worse": "worse"}.get(value, f"{value} !")


def figures() -> list[tuple[list[Any], Any]]:
    """Every leaf of every figure field, but for the texts that regressions quote."""
    report = json.loads(FULL)["report"]
    found = leaves({name: report[name] for name in FIGURES if name in report}, [])
    return [(path, value) for path, value in found if value is not None and path[-1] not in TEXTS]


def test_the_full_report_agrees_with_itself() -> None:
    result = recompute(read(FULL))
    assert result.agrees
    assert set(result.agreeing) == set(FIGURES)
    assert sum(result.agreeing.values()) > 900
    assert recompute(read(FULL), signed_hash=loads(FULL).hash[:16]).agrees
    assert not recompute(read(FULL), signed_hash="0123456789abcdef").agrees


def test_every_figure_that_is_changed_is_found() -> None:
    """All at once, each counted: what a figure is recomputed from are the cells alone, so one change hides no other."""
    every = [(path, value) for path, value in figures() if path[0] != "regressions" or path[-1].endswith("_value")]
    result = changed(*((path, other(value)) for path, value in every))
    assert len(every) > 900
    assert len(result.differing) == len(every)
    assert result.hash_agrees
    assert result.agreeing.keys() <= set(FIGURES)


@pytest.mark.parametrize("name", ["sample_id", "metric", "arm"])
def test_a_regression_that_is_another_one_is_found(name: str) -> None:
    path = ["regressions", 1, name]
    assert any(d.where.startswith("regressions") for d in changed((path, "another")).differing)


def test_a_changed_figure_is_named_by_its_place_and_both_values() -> None:
    (found,) = changed((["arms", 2, "comparisons", 0, "difference"], 0.5)).differing
    assert found.where == "arms[local:tiny · winner].comparisons[exact_match].difference"
    assert (found.stored, found.recomputed) == ("0.5", str(loads(FULL).arms[2].comparisons[0].difference))


@pytest.mark.parametrize(
    ("column", "path", "value"),
    [
        ("exact_match", ["columns", 0, "values", 30], 0.25),
        ("rubric:tone", ["columns", 1, "output_tokens", 30], 7),
        ("times", ["latency_s", 30], 7.5),
        ("times", ["output_tokens", 30], 7),
    ],
)
def test_a_changed_cell_is_named_by_run_metric_and_sample(column: str, path: list[Any], value: float) -> None:
    for honest in (True, False):
        result = changed((["evidence", "runs", 3, *path], value), honest_hash=honest)
        assert not result.agrees
        (said,) = result.changed_cells
        assert column in said
        assert "local:tiny · winner" in said
        assert "sample s30" in said
        assert result.differing
        assert result.hash_agrees == honest


@pytest.mark.parametrize("path", [["samples"], ["clusters"], ["seals"], ["runs"], ["metrics"]])
def test_cells_that_are_missing_are_a_difference_not_a_crash(path: list[Any]) -> None:
    stored = json.loads(FULL)["report"]["evidence"][path[0]]
    assert not changed((["evidence", *path], stored[:-1])).agrees


def test_criteria_that_are_not_the_locked_ones_are_found() -> None:
    """A report made again by a wider margin agrees with itself in every figure."""
    inputs = made.full()
    wider = replace(inputs.criteria, metrics=tuple(replace(choice, margin=0.9) for choice in inputs.criteria.metrics))
    result = recompute(read(dumps(build(replace(inputs, criteria=wider)))))
    assert [difference.where for difference in result.differing] == ["criteria"]


def test_a_text_that_was_changed_is_held_by_the_hash() -> None:
    result = changed((["regressions", 0, "question"], "Another question?"), honest_hash=False)
    assert not result.hash_agrees
    assert not result.differing


@st.composite
def runs(draw: st.DrawFn, samples: tuple[Sample, ...], model: str) -> RunResult:
    outputs, scores = [], []
    for sample in samples:
        kind = draw(st.sampled_from(["right", "wrong", "failed", "absent", "unscored"]))
        if kind == "absent":
            continue
        failure = Failure(kind="timeout", message="Again.") if kind == "failed" else None
        usage = draw(st.none() | st.builds(Usage, input_tokens=st.integers(0, 9_999), output_tokens=st.integers(0, 999)))
        seconds = draw(st.none() | st.floats(0, 90))
        outputs.append(
            Output(sample_id=sample.id, text=None if failure else "x", failure=failure, usage=usage, latency_s=seconds)
        )
        for metric in ("exact_match", "chrf"):
            value = draw(st.floats(0, 1)) if metric == "chrf" else float(kind == "right")
            lost = {"failed": "call failed (timeout): Again.", "unscored": "judge bad_json: no"}.get(kind)
            scores.append(Score(sample_id=sample.id, metric=metric, value=None if lost else value, unscored=lost))
    hashes = {s.id: s.input_hash for s in samples}
    key = RunKey(model=model, prompt_hash="p", split=Split.TEST)
    return RunResult(key=key, label=model, outputs=tuple(outputs), scores=tuple(scores), input_hashes=hashes)


@st.composite
def any_inputs(draw: st.DrawFn) -> ReportInputs:
    n = draw(st.integers(0, 12))
    samples = tuple(
        Sample(
            id=f"s{i}",
            variables={"question": draw(st.text(max_size=5))},
            reference=draw(st.sampled_from(["x", "", None])),
            cluster=draw(st.sampled_from([None, "a", "b"])),
        )
        for i in range(n)
    )
    given_ = made.inputs()
    bars = draw(st.lists(st.sampled_from(["as is", "format-fixed", "winner"]), unique=True, max_size=3))
    criteria = replace(
        given_.criteria,
        metrics=(MetricChoice(metric="exact_match", primary=True), MetricChoice(metric="chrf", primary=draw(st.booleans()))),
        coverage_gate=draw(st.sampled_from([0.0, 0.5, 0.98])),
    )
    target = "recorded:gpt-4o"
    arms = tuple(Arm(target=target, bar=bar, prompt=made.SOURCE_PROMPT, result=draw(runs(samples, target))) for bar in bars)
    return replace(
        made.locked(given_, criteria),
        samples=samples,
        source=draw(runs(samples, "recorded:router")),
        arms=arms,
        prices=made.full().prices,
        monthly_calls=draw(st.none() | st.integers(1, 10**6)),
    )


@settings(max_examples=12, deadline=None)
@given(any_inputs())
def test_any_report_is_read_back_and_recomputed(inputs: ReportInputs) -> None:
    report = build(inputs)
    text = dumps(report)
    assert loads(text) == report
    result = recompute(read(text))
    assert (result.differing, result.changed_cells, result.agrees) == ((), (), True)
