"""Before a plan is approved it says what its models cannot take, and until when they live."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.catalog import Catalog, Needs, notes
from pipeline.models.prices.overrides import GivenFacts
from pipeline.records import Parameters, PromptVersion, Sample

REF = "bedrock:made.model-v1:0"


def of(**facts: Any) -> Catalog:
    return Catalog(facts={REF: GivenFacts(source="a test", date="2026-11-01", **facts)})


def said(facts: dict[str, Any], *, text: str = "x" * 396, judge: str | None = None, **parameters: Any) -> tuple[str, ...]:
    """The notes on a model of these facts, asked with a prompt of four characters and one sample."""
    prompt = PromptVersion(user="{q}:", parameters=Parameters(**{"max_tokens": 10, "temperature": None, **parameters}))
    needs = Needs(targets=() if judge else (REF,), samples=(Sample(id="1", variables={"q": text}),), prompt=prompt, judge=judge)
    return notes(needs, of(**facts))


@pytest.mark.parametrize(
    ("facts", "parameters", "words"),
    [
        ({"context": 110}, {}, ()),
        ({"context": 109}, {}, ("about 100 tokens (characters / 4) and up to 10 of the answer",)),
        ({"max_output": 10}, {}, ()),
        ({"max_output": 9}, {}, ("gives at most 9",)),
        ({"retires": "2027-03-01"}, {}, ("has an end-of-life date: 2027-03-01 (a test, 2026-11-01)",)),
        ({"takes": ["json schema"]}, {"json_schema": "{}"}, ()),
        ({"lacks": ["json schema"]}, {"json_schema": "{}"}, ("does not take one (a test",)),
        ({"context": 10_000}, {"json_schema": "{}"}, ("takes one is unknown",)),
        ({"lacks": ["json schema", "sampling"]}, {}, ()),
        ({"lacks": ["sampling"]}, {"temperature": 0.0}, ("takes no temperature or top_p",)),
        ({"lacks": ["sampling"]}, {"top_p": 0.9}, ("takes no temperature or top_p",)),
    ],
)
def test_a_note_for_each_thing_that_does_not_fit(
    facts: dict[str, Any], parameters: dict[str, Any], words: tuple[str, ...]
) -> None:
    found = said(facts, **parameters)
    assert len(found) == len(words)
    assert all(word in note and REF in note for word, note in zip(words, found, strict=True))


def test_a_judge_needs_the_samples_but_nothing_of_the_prompt() -> None:
    assert said({"context": 100, "lacks": ["json schema"]}, judge=REF, json_schema="{}") == ()
    (note,) = said({"context": 99}, judge=REF)
    assert "reads about 100 tokens" in note
    sample = Sample(id="1", variables={"q": "x" * 396}, reference="y" * 400)
    assert "about 200 tokens" not in str(notes(Needs(targets=(REF,), samples=(sample,)), of(context=150)))
    assert "about 199 tokens" in str(notes(Needs(targets=(), samples=(sample,), judge=REF), of(context=150)))


def test_a_judge_without_schema_and_tools_is_named() -> None:
    assert "asked for JSON in words" in str(said({"lacks": ["json schema", "tools"]}, judge=REF))
    assert said({"lacks": ["json schema"]}, judge=REF) == ()


def test_a_judge_that_is_a_target_is_told_once() -> None:
    told = notes(Needs(targets=(REF, REF), samples=(), judge=REF), of(retires="2027-03-01"))
    assert len(told) == 1


def test_what_nothing_is_known_of_is_not_guessed_at() -> None:
    prompt = PromptVersion(user="{q}")
    assert notes(Needs(targets=("local:a", "bedrock:unheard.of", "recorded:x"), samples=(), prompt=prompt)) == ()


@given(st.text(max_size=200), st.integers(1, 60))
def test_a_sample_fits_or_is_told(text: str, context: int) -> None:
    needed = -(-(4 + len(text)) // 4) + 10
    assert bool(said({"context": context}, text=text)) == (needed > context)
