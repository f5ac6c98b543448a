"""What of a sample is the question, and what the text a summary was made from."""

import json

import pytest

from pipeline.metrics.judged.texts import original, question
from pipeline.records import Sample


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({"question": "why?", "context": "facts"}, "why?"),
        ({"transcript": "A: hello"}, "A: hello"),
        ({"transcript": "A: hello", "field": "topic"}, "field: topic\ntranscript: A: hello"),
        ({"context": "facts", "text": "say it"}, "say it"),
        ({"context": "facts"}, "(nothing but contexts was given)"),
    ],
)
def test_the_question(variables: dict[str, str], asked: str) -> None:
    assert question(Sample(id="s", variables=variables)) == asked


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({"question": "sum it up, please, in a few words", "transcript": "A: hello. " * 9}, "A: hello. " * 9),
        ({"question": "sum it up " * 9, "context": json.dumps(["one", "two"])}, "one\n\ntwo"),
        ({}, ""),
    ],
)
def test_the_original_of_a_summary(variables: dict[str, str], text: str) -> None:
    assert original(Sample(id="s", variables=variables)) == text
