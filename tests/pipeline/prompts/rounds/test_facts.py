"""What references have in common that a prompt can say, and when answers should have said that they do not know."""

import json

import pytest

from pipeline.prompts.rounds.abstention import abstention
from pipeline.prompts.rounds.facts import date_format, json_fields, unit
from pipeline.records import Sample


@pytest.mark.parametrize(
    ("references", "answers", "said"),
    [
        (["2024-03-01", "2024-12-24", "2023-01-31"], ["1 March", "24 December", "31 January"], "YYYY-MM-DD, such as 2024-12-31"),
        (["on 13/01/2024", "03/01/2024", "04/02/2024"], ["x", "y", "z"], "DD/MM/YYYY"),
        (["01/13/2024", "03/01/2024", "04/02/2024"], ["x", "y", "z"], "MM/DD/YYYY"),
    ],
)
def test_the_form_of_dates_is_read_from_the_references(references: list[str], answers: list[str], said: str) -> None:
    assert date_format(references, answers) == f"Write dates as {said}."


def test_a_form_that_the_answers_keep_or_that_the_references_do_not_share_is_not_proposed() -> None:
    dates = ["2024-03-01", "2024-12-24", "2023-01-31"]
    assert date_format(dates, dates) is None
    assert date_format(["2024-03-01", "24.12.2024", "01/31/2023"], ["a", "b", "c"]) is None
    assert unit(["12 km", "3 km", "7 km"], ["12 km", "3 km", "8 km"]) is None
    assert unit(["12 km", "3 EUR", "7 %"], ["12", "3", "7"]) is None


def test_the_unit_of_figures_is_read_from_the_references() -> None:
    assert unit(["12 km", "3 km", "7.5 km"], ["12", "3", "7.5"]) == "Give figures in km, with “km” after the number."
    assert unit(["$12", "$3", "$7.50"], ["12", "3", "7.5"]) == "Give figures in $, with “$” before the number."


def test_the_fields_of_json_are_named_with_types_and_closed_sets_but_no_sample_text() -> None:
    references = [
        json.dumps({"urgency": ("low", "high")[n % 2], "note": f"call {n} of a customer", "tags": {"pipes": n % 2 == 0}, "n": n})
        for n in range(6)
    ]
    assert json_fields(references, "Extract JSON.") == (
        'The JSON has these fields:\n- n: a number\n- note: a text\n- tags.pipes: true or false\n- urgency: one of "high", "low"'
    ) or json_fields(references, "Extract JSON.") == (
        'The JSON has these fields:\n- urgency: one of "high", "low"\n- note: a text\n- tags.pipes: true or false\n- n: a number'
    )
    assert json_fields(references, "urgency high low note tags pipes n") is None
    assert json_fields(["plain", "text", "only"], "") is None


def test_samples_that_have_no_answer_ask_for_leave_to_say_so() -> None:
    samples = [Sample(id=str(n), variables={}, reference="Not stated") for n in range(3)]
    answers = ["It is 5.", "It is 7.", "It is 8."]
    assert abstention(samples, answers) == "Where the given text does not hold the answer, write exactly: Not stated"
    long = [Sample(id=str(n), variables={}, reference=f"The text does not say what fee {n} is.") for n in range(3)]
    assert (
        abstention(long, answers)
        == "Where the given text does not hold the answer, say that it is not known instead of guessing."
    )
    assert abstention(samples, ["Not stated"] * 3) is None
    assert abstention([Sample(id="1", variables={}, reference="five")], ["six"]) is None
