"""The rules every metric shares, and what all of them do with failures, empty, cut-off and arbitrary answers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.metrics import METRICS, CodeMetric
from pipeline.metrics.metric import Answer, Measure
from pipeline.records import Failure, Output, Sample

SAMPLE = Sample(id="s1", variables={"q": "how much?"}, reference="42")
WORDS = pytest.mark.parametrize("metric", [m for m in METRICS.values() if m.needs_content], ids=lambda m: m.name)
"""Those that judge what an answer says; whether tools were called is another matter."""
EVERY = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)


def told(text: str | None, **more: object) -> Output:
    return Output(sample_id="s1", text=text, **more)  # type: ignore[arg-type]


def test_the_registry_holds_the_metrics() -> None:
    assert list(METRICS) == [
        "exact_match", "normalised_match", "number_match", "json_valid", "json_fields", "json_top_fields", "rouge_l", "chrf",
        "length_ratio", "refusal", "tool_call",
    ]  # fmt: skip
    assert {m.name for m in METRICS.values() if m.binary} == {
        "exact_match", "normalised_match", "number_match", "json_valid", "refusal", "tool_call",
    }  # fmt: skip
    assert {m.name for m in METRICS.values() if not m.needs_reference} == {"json_valid", "refusal"}


@EVERY
def test_a_failed_call_is_unscored_with_its_reason(metric: CodeMetric) -> None:
    score = metric.score(SAMPLE, told(None, failure=Failure(kind="throttled", message="Try later.")))
    assert (score.value, score.unscored) == (None, "call failed (throttled): Try later.")


@EVERY
def test_an_output_without_text_is_unscored(metric: CodeMetric) -> None:
    assert metric.score(SAMPLE, told(None)).unscored == "the run stored no answer"


@WORDS
@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_answer_scores_zero(metric: CodeMetric, text: str) -> None:
    sample = Sample(id="s1", variables={}, reference='{"total": 42}')
    score = metric.score(sample, told(text))
    assert (score.value, score.reason) == (0.0, "empty answer")


@WORDS
def test_a_tool_call_is_no_empty_answer(metric: CodeMetric) -> None:
    assert "asked for a tool" in (metric.score(SAMPLE, told("", tool_calls=('{"name":"add"}',))).unscored or "")


@EVERY
@pytest.mark.parametrize("reference", [None, "", "  "])
def test_a_missing_reference_is_unscored_where_one_is_needed(metric: CodeMetric, reference: str | None) -> None:
    score = metric.score(Sample(id="s1", variables={}, reference=reference), told("42"))
    assert (score.unscored == "no reference") is metric.needs_reference
    assert (score.value is None) is metric.needs_reference


@WORDS
@pytest.mark.parametrize("stop", ["max_tokens", "length"])
def test_a_cut_off_answer_says_so(metric: CodeMetric, stop: str) -> None:
    sample = Sample(id="s1", variables={}, reference='{"total": 42}')
    assert f"answer cut off ({stop})" in (metric.score(sample, told('{"total": 4', stop_reason=stop)).reason or "")
    assert "cut off" not in (metric.score(sample, told('{"total": 4', stop_reason="end_turn")).reason or "")


def test_a_metric_that_gives_no_number_is_unscored_not_nan() -> None:
    broken = CodeMetric(name="broken", summary="", measure=lambda _: Measure(value=math.nan))
    assert broken.score(SAMPLE, told("x")).value is None
    assert broken.score(SAMPLE, told("x")).unscored == "the metric gave no finite number"


def test_a_metric_that_needs_no_content_judges_the_empty_answer() -> None:
    def silent(answer: Answer) -> Measure:
        return Measure(value=float(answer.text == ""))

    assert CodeMetric(name="silent", summary="", measure=silent, needs_content=False).score(SAMPLE, told("")).value == 1.0


@EVERY
@given(text=st.text(max_size=80), reference=st.one_of(st.none(), st.text(max_size=80), st.from_regex(r"-?\d[\d,.]{0,40}%?")))
def test_any_texts_give_a_value_in_range_or_a_reason(metric: CodeMetric, text: str, reference: str | None) -> None:
    score = metric.score(Sample(id="s1", variables={}, reference=reference), told(text))
    assert (score.value is None) != (score.unscored is None)
    assert score.value is None or 0.0 <= score.value <= 1.0


@EVERY
@given(reference=st.text(min_size=1, max_size=60))
def test_the_reference_itself_scores_one(metric: CodeMetric, reference: str) -> None:
    score = metric.score(Sample(id="s1", variables={}, reference=reference), told(reference))
    overlap_without_words = metric.name in {"rouge_l", "chrf"} and not any(c.isalnum() for c in reference)
    if metric.needs_reference and score.value is not None and not overlap_without_words:
        assert score.value == pytest.approx(1.0)
