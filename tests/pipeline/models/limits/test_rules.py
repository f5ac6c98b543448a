"""What the operator may write, and what is said of what cannot be meant."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.models.limits import Limiter, Limits, read_rules
from pipeline.models.limits.burndown import burndown
from pipeline.models.limits.rules import NONE


async def account(_ref: str) -> Limits:
    return Limits(requests_per_minute=100, tokens_per_minute=1_000_000, source="the account's quota")


async def test_the_operator_comes_first_then_the_account_and_a_share_of_it() -> None:
    rules = read_rules(
        '{"bedrock:a": {"requests_per_minute": 10}, "bedrock:*": {"share": 0.5}, "openai:*": {"in_flight": 3}, '
        '"bedrock:b": {"in_flight": 4}}'
    )
    limiter = Limiter(rules=rules, quotas=account)
    assert await limiter.limits("bedrock:a") == Limits(requests_per_minute=10, source="FERRY_LIMITS")
    half = await limiter.limits("bedrock:other")
    assert (half.requests_per_minute, half.tokens_per_minute, half.source) == (50, 500_000, "50% of the account's quota")
    both = await limiter.limits("bedrock:b")
    assert (both.requests_per_minute, both.in_flight) == (70, 4), "the very reference wins over a pattern written before it"
    assert both.source == "70% of the account's quota, calls at once by FERRY_LIMITS"
    assert (await Limiter(rules=rules).limits("openai:m")) == Limits(in_flight=3, source="FERRY_LIMITS")
    assert (await Limiter().limits("openai:m")) == NONE


def test_a_file_does_as_well(tmp_path: Path) -> None:
    path = tmp_path / "limits.json"
    path.write_text('{"openai:*": {"tokens_per_minute": 30000, "share": 0.5}}')
    rule = read_rules(str(path)).of("openai:gpt-4o")
    assert rule is not None
    assert (rule.limits.tokens_per_minute, rule.share) == (30000, 0.5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "FERRY_LIMITS is not JSON."),
        ("/nowhere/limits.json", "FERRY_LIMITS names /nowhere/limits.json, which cannot be read."),
        ('{"a": 3}', 'the limits of "a" must be an object with requests_per_minute,'),
        ('{"a": {}}', 'the limits of "a" must be an object'),
        ('{"a": {"rpm": 3}}', 'the limits of "a" must be an object'),
        ('{"a": {"requests_per_minute": 0}}', 'requests_per_minute of "a" must be a number above 0.'),
        ('{"a": {"tokens_per_minute": true}}', 'tokens_per_minute of "a" must be a number above 0.'),
        ('{"a": {"in_flight": 1.5}}', 'in_flight of "a" must be a whole number from 1.'),
        ('{"a": {"share": 70}}', 'share of "a" must be above 0 and at most 1.'),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        read_rules(text)
    assert says in caught.value.message


def test_nothing_written_is_no_rule() -> None:
    assert read_rules(None).of("bedrock:a") is None
    assert read_rules(" ").of("bedrock:a") is None


@pytest.mark.parametrize(
    ("ref", "rate"),
    [
        ("bedrock:us.anthropic.claude-3-7-sonnet-20250219-v1:0", 5),
        ("bedrock:eu.anthropic.claude-haiku-4-5-20251001-v1:0", 5),
        ("bedrock:global.anthropic.claude-opus-4-8", 15),
        ("bedrock:anthropic.claude-sonnet-5", 10),
        ("bedrock:anthropic.claude-3-5-sonnet-20241022-v2:0", 1),
        ("bedrock:amazon.nova-lite-v1:0", 1),
        ("openai:claude-sonnet-5", 1),
    ],
)
def test_answers_of_some_models_count_several_times(ref: str, rate: float) -> None:
    assert burndown(ref).rate == rate
    assert "2026-11" in burndown(ref).source
