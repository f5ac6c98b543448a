"""Numbers in every notation, and the traps: years, list numbers, steps of a calculation."""

from decimal import Decimal

import pytest

from pipeline.metrics import METRICS
from pipeline.metrics.code.numbers import numbers
from pipeline.records import Output, Sample, Score


def score(text: str, reference: str) -> Score:
    sample = Sample(id="s", variables={}, reference=reference)
    return METRICS["number_match"].score(sample, Output(sample_id="s", text=text))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,234.5 and 1'234", ["1234.5", "1234"]),
        ("$12.4 million", ["12400000"]),
        ("a loss of (3.2) bn", ["-3200000000"]),
        ("5k users, 25 bps, 8 percent", ["5000", "0.0025", "0.08"]),
        ("−5 % and -$1,200", ["-0.05", "-1200"]),
        ("(1) first (2) second", ["1", "2"]),
        ("GPT-4 in 2020-2021", ["4", "2020", "2021"]),
        ("Q3 v1.2.3", []),
        ("- 5 items at 12:30.", ["5", "12", "30"]),
        ("5 kg, 3 m, 7 months", ["5", "3", "7"]),
        ("1\u202f577 €", ["1577"]),
    ],
)
def test_numbers_are_read(text: str, values: list[str]) -> None:
    assert [n.value for n in numbers(text)] == [Decimal(v) for v in values]


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("Revenue reached 12,400,000 dollars (+8 percent)", "Revenue was $12.4 million, up 8%"),
        ("a loss of -3,200 million", "Loss of (3.2) bn"),
        ("The margin is 0.25%.", "25 bps"),
        ("The answer is 1,577 USD", "['$1577.00']"),
        ("3.1416", "3.14"),
        ("8", "8%"),
        ("0.08", "8%"),
        ("First 17 + 25, which makes 42.", "42"),
    ],
)
def test_the_same_number_matches_in_any_notation(text: str, reference: str) -> None:
    assert score(text, reference).value == 1.0


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("2024", "2023"),
        ("-8%", "8%"),
        ("12.3 million", "12.4 million"),
        ("12.4", "12.4 million"),
        ("0.01 billion", "12.4 million"),
        ("no figure is given", "7"),
        ("5", "5 and 5"),
        ("9%", "8%"),
    ],
)
def test_another_number_does_not_match(text: str, reference: str) -> None:
    found = score(text, reference)
    assert found.value == 0.0
    assert "missing" in (found.reason or "")


def test_a_reference_without_a_number_is_unscored() -> None:
    assert score("42", "forty-two").unscored == "the reference holds no number"
