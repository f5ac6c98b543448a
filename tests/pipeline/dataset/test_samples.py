"""Lines as samples: variables under both names, figures, ids, and refusals that name the line."""

import pytest

from pipeline.dataset.columns import ColumnMapping
from pipeline.dataset.numbers import duration, number, rating
from pipeline.dataset.port import Line
from pipeline.dataset.samples import sample
from pipeline.errors import InputError
from pipeline.records import PriorScores, RecordedOutput, Usage

MAPPING = ColumnMapping(
    sample_id="id", question="Message", context="Doc", reference="label", source_output="out", source_latency="lat",
    source_input_tokens="in", source_output_tokens="tok", judge_score="judge", human_score="human", human_reason="why",
    cluster="customer", variables=("country",), latency_unit="s",
)  # fmt: skip


def line(**cells: str) -> Line:
    return Line(place="line 7", cells={"id": "a", "Message": "hi", **cells})


def test_inputs_are_there_under_their_own_name_and_the_usual_one() -> None:
    found = sample(line(Doc="d", country="FR", customer="c1", label=" x "), MAPPING)
    assert found.variables == {"Message": "hi", "question": "hi", "Doc": "d", "context": "d", "country": "FR"}
    assert (found.id, found.reference, found.cluster, found.recorded, found.prior) == ("a", " x ", "c1", None, None)


def test_a_column_called_question_keeps_its_own_content() -> None:
    mapping = ColumnMapping(question="input", variables=("question",))
    assert sample(Line(place="", cells={"input": "a", "question": "b"}), mapping).variables == {"input": "a", "question": "b"}


def test_figures_are_read_as_people_write_them() -> None:
    found = sample(line(out="o", lat="830 ms", **{"in": "1,200"}, tok="12.0", judge="0,5", human="👍", why="fine"), MAPPING)
    assert found.recorded == RecordedOutput(text="o", latency_s=0.83, usage=Usage(input_tokens=1200, output_tokens=12))
    assert found.prior == PriorScores(judge=0.5, human=1.0, human_reason="fine")


def test_missing_figures_are_none_and_an_empty_answer_needs_a_trace() -> None:
    assert sample(line(out="", lat="n/a"), MAPPING).recorded is None
    assert sample(line(out="", lat="0.5"), MAPPING).recorded == RecordedOutput(text="", latency_s=0.5)
    assert sample(line(out="o", tok="3"), MAPPING).recorded == RecordedOutput(text="o")


def test_milliseconds_are_converted_unless_a_unit_says_otherwise() -> None:
    mapping = ColumnMapping(question="Message", source_output="out", source_latency="lat", latency_unit="ms")
    seconds = [sample(line(out="o", lat=text), mapping).recorded for text in ("830", "2 s")]
    assert [found.latency_s for found in seconds if found] == [0.83, 2.0]


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"id": " "}, "Line 7 has no id in “id”."),
        ({"id": "x" * 201}, "Line 7 has an id of 201 characters"),
        ({"out": "o", "lat": "fast"}, "Line 7 has no number in “lat”."),
        ({"out": "o", "lat": "-1"}, "Line 7 has no number in “lat”."),
        ({"out": "o", "tok": "inf"}, "Line 7 has no number in “tok”."),
        ({"human": "great"}, "Line 7 has no number in “human”."),
    ],
)
def test_refusals_name_line_and_column(cells: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        sample(line(**cells), MAPPING)
    assert caught.value.message.startswith(sentence)


def test_a_made_id_comes_from_the_content_alone() -> None:
    mapping = ColumnMapping(question="Message", reference="label")
    one, same, other = (sample(Line(place=p, cells={"Message": m}), mapping).id for p, m in (("1", "a"), ("2", "a"), ("3", "b")))
    assert one == same != other
    assert len(one) == 16


@pytest.mark.parametrize(
    ("text", "value"), [("1,234.5", 1234.5), ("0,83", 0.83), (" 7 ", 7.0), ("1e3", 1000.0), ("x", None), ("nan", None)]
)
def test_number(text: str, value: float | None) -> None:
    assert number(text) == value


def test_duration_and_rating() -> None:
    assert [duration(t) for t in ("1.5", "1.5s", "2 min", "300 ms", "3 apples", "")] == [
        (1.5, False), (1.5, True), (120.0, True), (0.3, True), (None, False), (None, False),
    ]  # fmt: skip
    assert [rating(t) for t in ("Thumbs up", "down", "0.5")] == [1.0, 0.0, 0.5]
