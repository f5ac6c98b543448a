"""Length and refusals: what counts as one and, as important, what does not."""

import pytest

from pipeline.metrics import METRICS
from pipeline.metrics.code.form import length_ratio, refuses
from pipeline.records import Output, Sample


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I can’t assist with this request.",
        "I cannot provide medical advice.",
        "As an AI language model, I am unable to browse the web.",
        "I'm not able to answer this question from the given context.",
        "Sorry, I am unable to share that.",
        "We must decline to answer.",
        "I won't be able to help you there.",
    ],
)
def test_refusals_are_found(text: str) -> None:
    assert refuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but your order is late; it arrives on Monday.",
        "card_not_working",
        "The customer said: I cannot log in to my account.",
        "You cannot return opened goods.",
        "I cannot find a charge on 3 May; the nearest is 4 May, 12 EUR.",
        "Yes. " * 80 + "I can't help with that.",
    ],
)
def test_answers_are_not_taken_for_refusals(text: str) -> None:
    assert not refuses(text)


@pytest.mark.parametrize(("stop", "value"), [("end_turn", 1.0), ("guardrail_intervened", 0.0), ("content_filtered", 0.0)])
def test_an_answer_stopped_by_a_filter_is_a_refusal(stop: str, value: float) -> None:
    output = Output(sample_id="s", text="This was blocked.", stop_reason=stop)
    assert METRICS["refusal"].score(Sample(id="s", variables={}), output).value == value


@pytest.mark.parametrize(("a", "b", "value"), [("one two", "one two", 1.0), ("one", "one two", 0.5), ("a b c d", "x", 0.25)])
def test_length_ratio_is_symmetric(a: str, b: str, value: float) -> None:
    assert length_ratio(a, b) == length_ratio(b, a) == value


def test_the_lengths_are_told() -> None:
    sample = Sample(id="s", variables={}, reference="one two three")
    assert METRICS["length_ratio"].score(sample, Output(sample_id="s", text="one")).reason == "1 words, the reference has 3"
