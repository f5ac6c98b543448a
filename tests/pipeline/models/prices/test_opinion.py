"""A second source on list prices is shown where it differs by over 1 %, and never prices a call."""

from dataclasses import replace

import pytest

from pipeline.models.catalog import Catalog, checked
from pipeline.models.prices import catalogued, differences, price, second_opinion
from pipeline.models.prices.overrides import OPERATOR


def test_sources_that_agree_say_nothing() -> None:
    assert second_opinion(price("bedrock:amazon.nova-lite-v1:0")) == ()


def test_sources_that_differ_are_both_told_with_their_names_and_dates() -> None:
    told = second_opinion(price("bedrock:eu.amazon.nova-lite-v1:0"))
    assert [each.partition(":")[0] for each in told] == ["input", "output"]
    for part in ("0.078 USD", "LiteLLM", "2026-11-25", "0.06", "genai-prices", "differ by 30%"):
        assert part in told[0]


def test_long_prompts_are_not_what_is_compared() -> None:
    """Some models cost more a token beyond 200,000 tokens: asking for a million at once would find a difference that is none."""
    assert second_opinion(price("recorded:claude-sonnet-4-5")) == ()


@pytest.mark.parametrize("ref", ["local:gemma3-270m", "recorded:gemini-2.5-flash-nobody-knows"])
def test_what_is_not_charged_or_not_known_has_no_second_opinion(ref: str) -> None:
    assert catalogued("gemini-2.5-flash-nobody-knows") is None
    known = price("local:gemma3-270m")
    assert second_opinion(replace(known, ref=ref)) == ()


def test_a_price_the_operator_agreed_on_is_no_list_price() -> None:
    listed = price("bedrock:eu.amazon.nova-lite-v1:0")
    assert second_opinion(replace(listed, input=0.05, source=OPERATOR)) == ()


@pytest.mark.parametrize(
    ("theirs", "sides"), [((1.0, 5.0), []), ((1.009, 5.0), []), ((1.02, 5.0), ["input"]), ((0.0, 6.0), ["input", "output"])]
)
def test_one_per_cent_is_the_line(theirs: tuple[float, float], sides: list[str]) -> None:
    assert [said.partition(":")[0] for said in differences((1.0, 5.0), "a", theirs, "b")] == sides


def test_a_model_of_the_shortlist_carries_it() -> None:
    facts = Catalog().of("bedrock:eu.amazon.nova-lite-v1:0")
    assert facts is not None
    assert facts.disagreements == ()
    assert len(checked(facts).disagreements) == 2
