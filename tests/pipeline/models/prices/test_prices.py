"""A price has a source and a date, an unknown one is an error that names the model, and output is priced as output."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.models.prices import SNAPSHOT_DATE, TIERS, Prices, catalogued, known, price, read_overrides
from pipeline.models.prices.snapshot import SNAPSHOT
from pipeline.records import Usage


def test_output_tokens_cost_the_output_price() -> None:
    found = price("bedrock:anthropic.claude-haiku-4-5-20251001-v1:0")
    assert (found.input, found.output, found.cache_read, found.batch_output) == (1.0, 5.0, 0.1, 2.5)
    assert found.of(Usage(input_tokens=1_000_000, output_tokens=0)) == 1.0
    assert found.of(Usage(input_tokens=0, output_tokens=1_000_000)) == 5.0
    assert "aws" in found.source
    assert found.date == SNAPSHOT_DATE


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_swapping_the_token_counts_changes_the_cost(given: int, answered: int) -> None:
    found = price("recorded:gpt-4o")
    forwards = found.of(Usage(input_tokens=given, output_tokens=answered))
    backwards = found.of(Usage(input_tokens=answered, output_tokens=given))
    assert (forwards == backwards) == (given == answered)  # exact: near counts cost nearly, never quite, the same
    assert forwards == pytest.approx((2.5 * given + 10 * answered) / 1e6)


@pytest.mark.parametrize(("tier", "usd"), [("default", 3 * 0.06 + 0.5 * 0.24), ("batch", 4.0), ("flex", 7.5), ("priority", 22.0)])
def test_a_tier_costs_what_it_costs(tier: str, usd: float) -> None:
    listed = price("bedrock:amazon.nova-lite-v1:0")
    listed = replace(listed, batch_input=1.0, batch_output=2.0, flex_input=2.0, flex_output=3.0)
    found = replace(listed, priority_input=6.0, priority_output=8.0)
    assert found.of(Usage(input_tokens=3_000_000, output_tokens=500_000), tier) == pytest.approx(usd)


def test_the_snapshot_has_prices_of_tiers() -> None:
    found = price("recorded:gpt-5-mini")
    assert found.tier("flex") < found.tier("default") < found.tier("priority")


@pytest.mark.parametrize("tier", ["flex", "batch", "reserved", ""])
def test_an_unknown_tier_price_names_the_model(tier: str) -> None:
    bare = replace(price("recorded:gpt-4o"), flex_input=None, batch_output=None)
    with pytest.raises(InputError, match="recorded:gpt-4o"):
        bare.of(Usage(input_tokens=1, output_tokens=1), tier)


@pytest.mark.parametrize("tier", TIERS)
def test_what_runs_here_costs_nothing_in_any_tier(tier: str) -> None:
    assert price("local:gemma3-270m").of(Usage(input_tokens=10, output_tokens=10), tier) == 0.0


@pytest.mark.parametrize(
    ("ref", "model"),
    [
        ("recorded:gpt-4o", "gpt-4o"),
        ("recorded:GPT-4o", "gpt-4o"),
        ("recorded:mistral/mistral-large-latest", "mistral-large-latest"),
        ("bedrock:us.amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0"),
        ("bedrock:arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
    ],
)
def test_a_reference_finds_its_model(ref: str, model: str) -> None:
    assert price(ref).model == model


@pytest.mark.parametrize("ref", ["local:gemma3-270m", "scripted:/tmp/script.json"])
def test_what_runs_here_is_not_charged_and_says_so(ref: str) -> None:
    found = price(ref)
    assert not found.charged
    assert "not charged" in found.source


@pytest.mark.parametrize(
    "ref",
    [
        "recorded:router",
        "recorded:",
        "bedrock:gpt-4o",
        "bedrock:arn:aws:bedrock:us-east-1:1:application-inference-profile/x1",
        "bedrock:anthropic.claude-none",
    ],
)
def test_an_unknown_price_is_an_error_with_the_way_out(ref: str) -> None:
    with pytest.raises(InputError) as told:
        price(ref)
    assert ref in told.value.message
    assert "FERRY_PRICES" in told.value.message
    assert known([ref, "recorded:gpt-4o"]).keys() == {"recorded:gpt-4o"}


def test_the_operators_price_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    mine = {"input": 1, "output": 2.5, "source": "contract 7", "date": "2026-10-01"}
    path.write_text(json.dumps({"recorded:router": {"same_as": "gpt-4o"}, "local:big": mine}))
    prices = Prices(overrides=read_overrides(path))
    assert (prices.of("recorded:router").model, prices.of("recorded:router").output) == ("gpt-4o", 10.0)
    own = prices.of("local:big")
    assert (own.input, own.output, own.source, own.date, own.charged) == (1, 2.5, "contract 7", "2026-10-01", True)
    assert read_overrides(None) == {}


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"a": 1}', '{"a": {"input": 1}}', '{"a": {"input": -1, "output": 1}}', '{"a": {"input": NaN, "output": 1}}'],
)
def test_a_wrong_price_file_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text)
    with pytest.raises(InputError, match="USD per million"):
        read_overrides(path)
    with pytest.raises(InputError, match="Check the path"):
        read_overrides(tmp_path / "absent.json")
    path.write_text('{"a": {"same_as": "no such model"}}')
    with pytest.raises(InputError, match="not in the price list"):
        read_overrides(path)


def test_the_snapshot_is_small_dated_and_never_free() -> None:
    whole = json.loads(SNAPSHOT.read_text())
    assert SNAPSHOT.stat().st_size <= 300_000
    assert whole["date"] == SNAPSHOT_DATE
    assert "MIT" in whole["licence"]
    assert (SNAPSHOT.parent / "LICENSE-litellm.txt").is_file()
    for name in whole["models"]:
        found = catalogued(name)
        assert found is not None
        assert found.input > 0
        assert found.output > 0 or "embed" in name


@pytest.mark.parametrize(
    ("ref", "model"),
    [
        ("openai:gpt-4o", "gpt-4o"),
        ("openai:gpt-4o@https://api.openai.com/v1", "gpt-4o"),
        ("openai:mistral-large-latest@https://api.mistral.ai/v1/", "mistral-large-latest"),
    ],
)
def test_a_model_behind_an_address_has_the_price_of_who_sells_it_there(ref: str, model: str) -> None:
    assert price(ref).model == model


@pytest.mark.parametrize(
    "ref",
    [
        "openai:mistral-large-latest",
        "openai:gpt-4o@http://127.0.0.1:11434/v1",
        "openai:gpt-4o@https://me.openai.azure.com/openai/v1",
        "openai:nothing@http://127.0.0.1:9/gpt-4o",
    ],
)
def test_what_another_server_charges_is_unknown(ref: str) -> None:
    with pytest.raises(InputError, match="FERRY_PRICES"):
        price(ref)
