"""Quotas read by their names, asked once over the wire, and what happens where they cannot be asked."""

import json
from typing import Any

import pytest

from pipeline.models.limits import Limits
from pipeline.models.limits.rules import NONE
from pipeline.models.limits.service_quotas import SOURCE, ServiceQuotas, limits_of, read_quota
from tests.pipeline.models.ask import settings
from tests.pipeline.models.peer import Said, bedrock, error

LISTED = {
    "On-demand model inference requests per minute for Anthropic Claude 3.5 Sonnet": 50,
    "On-demand model inference requests per minute for Anthropic Claude 3.5 Sonnet V2": 250,
    "On-demand model inference tokens per minute for Anthropic Claude 3.5 Sonnet V2": 2_000_000,
    "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1": 200_000,
    "Cross-Region model inference requests per minute for Anthropic Claude Sonnet 4.5 V1": 200,
    "Global cross-Region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1": 500_000,
    "Cross-region model inference tokens per minute for Meta Llama 3.3 70B Instruct": 600_000,
    "Cross-region model inference tokens per minute for Meta Llama 3 70B Instruct": 300_000,
    "On-demand model inference tokens per minute for Mistral AI Mistral Large 2407": 400_000,
    "On-demand InvokeModel tokens per minute for Amazon Nova Lite": 4_000_000,
    "On-demand model inference requests per minute for Amazon Nova Pro": 0,
    "On-demand model inference requests per minute for Amazon Titan Text Embeddings V2": 6_000,
    "On-demand model inference tokens per minute for OpenAI GPT OSS 120B": 70_000,
    "On-demand model inference tokens per minute for Twin": 1,
    "On-demand model inference tokens per minute for Acme Twin": 2,
    "Model invocation max tokens per day for Anthropic Claude Sonnet 4.5 V1": 1,
    "Records per batch inference job for Claude Sonnet 4.5": 50_000,
}
QUOTAS = [quota for name, value in LISTED.items() if (quota := read_quota(name, value)) is not None]


@pytest.mark.parametrize(
    ("model", "requests", "tokens"),
    [
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", 50, None),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", 250, 2_000_000),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", 200, 200_000),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", None, 500_000),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", None, None),
        ("us.meta.llama3-3-70b-instruct-v1:0", None, 600_000),
        ("us.meta.llama3-70b-instruct-v1:0", None, 300_000),
        ("mistral.mistral-large-2407-v1:0", None, 400_000),
        ("amazon.nova-lite-v1:0", None, 4_000_000),
        ("amazon.nova-pro-v1:0", None, None),
        ("openai.gpt-oss-120b-1:0", None, 70_000),
        ("acme.twin-v1:0", None, None),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", None, None),
    ],
)
def test_a_quota_belongs_to_the_model_its_name_names(model: str, requests: float | None, tokens: float | None) -> None:
    found = limits_of(f"bedrock:{model}", QUOTAS)
    assert (found.requests_per_minute, found.tokens_per_minute) == (requests, tokens)
    assert found == NONE or found.source == SOURCE


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def page(names: list[str], token: str | None = None) -> Said:
    quotas = [{"ServiceCode": "bedrock", "QuotaCode": "L-1", "QuotaName": name, "Value": LISTED[name]} for name in names]
    body: dict[str, Any] = {"Quotas": quotas, **({"NextToken": token} if token else {})}
    return Said(headers={"Content-Type": "application/x-amz-json-1.1"}, parts=[json.dumps(body).encode()])


async def test_the_account_is_asked_once_page_by_page() -> None:
    names = list(LISTED)
    async with bedrock({"": [page(names[:3], "p2"), page(names[3:])]}) as peer:
        told: list[str] = []
        quotas = ServiceQuotas(settings=settings(endpoint_url=peer.url, timeout_s=10), say=told.append)
        first = await quotas("bedrock:anthropic.claude-3-5-sonnet-20241022-v2:0")
        assert first == Limits(requests_per_minute=250, tokens_per_minute=2_000_000, source=SOURCE)
        assert (await quotas("bedrock:amazon.nova-lite-v1:0")).tokens_per_minute == 4_000_000
        assert await quotas("openai:gpt-4o") == NONE
    assert [body.get("NextToken") for _, _, body in peer.asked] == [None, "p2"]
    assert {body["ServiceCode"] for _, _, body in peer.asked} == {"bedrock"}
    assert told == []


async def test_without_the_right_calls_go_unlimited_and_it_is_said_once() -> None:
    said = "User is not authorized to perform: servicequotas:ListServiceQuotas"
    denied = error(400, "AccessDeniedException", said, __type="AccessDeniedException")
    async with bedrock({"": [denied]}) as peer:
        told: list[str] = []
        quotas = ServiceQuotas(settings=settings(endpoint_url=peer.url, timeout_s=10), say=told.append)
        assert [await quotas("bedrock:a.b"), await quotas("bedrock:a.c")] == [NONE, NONE]
    assert len(peer.asked) == 1
    assert told == [
        "access: quotas are not known, so only throttles slow the calls; servicequotas:ListServiceQuotas lets Ferry read them"
    ]
