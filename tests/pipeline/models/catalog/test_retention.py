"""Who keeps prompts, by the hosts' own words; how fast a model is, by external figures only. Unknown is never a yes."""

from dataclasses import replace

import pytest

from pipeline.models.catalog import Catalog, Citation, Constraints, reasons, understood
from pipeline.models.catalog.retention import NO_RETENTION, retention
from pipeline.models.prices.overrides import GivenFacts
from tests.pipeline.models.catalog.made import model

PRIVATE = understood("private").constraints


@pytest.mark.parametrize(
    ("provider", "name", "nothing"),
    [
        ("bedrock", "eu.amazon.nova-lite-v1:0", True),
        ("bedrock", "anthropic.claude-sonnet-4-6", True),
        ("bedrock", "openai.gpt-oss-120b-1:0", True),
        ("bedrock", "us.openai.gpt-5.5", False),
        ("bedrock", "us.anthropic.claude-fable-5-1", False),
        ("bedrock", "us.anthropic.claude-mythos-5", None),
        ("openai", "gpt-5-mini", False),
        ("openai", "llama@https://my.host/v1", None),
        ("local", "gemma3-270m", True),
        ("recorded", "gpt-4o", None),
    ],
)
def test_what_the_hosts_say(provider: str, name: str, nothing: bool | None) -> None:
    said = retention(provider, name)
    assert (said.nothing if said else None) is nothing


def test_a_model_that_keeps_prompts_falls_out_with_the_page_that_says_so() -> None:
    facts = Catalog().of("bedrock:us.openai.gpt-5.5")
    assert facts is not None
    (reason,) = (each for each in reasons(facts, PRIVATE) if each.kind == "keeps prompts")
    assert "Data retention" in reason.sentence


def test_an_agreement_of_the_operator_overrules_the_host() -> None:
    ref = "openai:gpt-5-mini"
    told = Catalog(facts={ref: GivenFacts(takes=("no retention",), source="our agreement", date="2026-10-01")}).of(ref)
    assert told is not None
    assert told.takes[NO_RETENTION] is True
    assert str(told.told[f"takes {NO_RETENTION}"]) == "our agreement, 2026-10-01"


def test_a_host_nobody_has_words_of_is_unknown() -> None:
    assert [each.kind for each in reasons(model(), PRIVATE)] == ["retention unknown"]


def cited(name: str, figure: float, date: str = "2026-11-01") -> Citation:
    return Citation(model="any", name=name, figure=figure, date=date, source="a page")


@pytest.mark.parametrize(
    ("citations", "kinds"),
    [
        ([], ["latency unknown"]),
        ([cited("ttft", 0.1)], ["latency unknown"]),
        ([cited("Latency", 2.5)], ["too slow"]),
        ([cited("latency", 1.9)], []),
        ([cited("latency", 1.0, "2026-01-01"), cited("latency", 3.0)], ["too slow"]),
    ],
)
def test_speed_goes_by_the_latest_external_figure(citations: list[Citation], kinds: list[str]) -> None:
    assert [each.kind for each in reasons(model(), Constraints(latency_s=2.0), citations)] == kinds


def test_a_first_token_has_a_figure_of_its_own() -> None:
    wanted = replace(Constraints(), ttft_s=0.5)
    assert [each.kind for each in reasons(model(), wanted, [cited("ttft", 0.4)])] == []
    assert [each.kind for each in reasons(model(), wanted, [cited("latency", 0.4)])] == ["ttft unknown"]
