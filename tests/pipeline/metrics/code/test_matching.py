"""What normalisation forgives, and what it must not."""

import pytest

from pipeline.metrics import METRICS
from pipeline.metrics.code.matching import normalise
from pipeline.records import Output, Sample


def value(metric: str, text: str, reference: str) -> float | None:
    return METRICS[metric].score(Sample(id="s", variables={}, reference=reference), Output(sample_id="s", text=text)).value


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("Exchange rate.", "exchange_rate"),
        ("**Billing**\n", "billing"),
        ("The refund", "refund"),
        ("ﬁne", "fine"),
        ("ＡＢＣ", "abc"),
        ("STRASSE", "straße"),
        ("U.S.", "us"),
        ("8 %", "8%"),
        ('"yes"', "Yes"),
    ],
)
def test_form_is_forgiven(text: str, reference: str) -> None:
    assert value("normalised_match", text, reference) == 1.0
    assert value("exact_match", text, reference) == 0.0


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("-5", "5"),
        ("1.5", "15"),
        ("8", "8%"),
        ("C#", "C"),
        ("C++", "C"),
        ("A", "the"),
        ("B", "A"),
        ("Option A", "Option"),
        ("A, B", "B"),
        ("not billing", "billing"),
        ("card_lost", "card_stolen"),
    ],
)
def test_meaning_is_kept(text: str, reference: str) -> None:
    assert value("normalised_match", text, reference) == 0.0


def test_the_choice_a_is_no_article() -> None:
    assert normalise("A.") == normalise(" a ") == "a"


def test_exact_match_ignores_only_blanks_around() -> None:
    assert value("exact_match", " billing\n", "billing") == 1.0
    assert value("exact_match", "Billing", "billing") == 0.0


def test_a_reference_of_punctuation_matches_nothing() -> None:
    assert value("normalised_match", "?!", "...") is None
