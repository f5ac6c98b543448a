"""Every kind of failure has its way out, and Bedrock's real sentences find their kind."""

import re
from pathlib import Path

import pytest

from pipeline.models.failures import KINDS, SAID_LENGTH, STOPPERS, Policy, failure, kind_of

REAL = [
    ("ThrottlingException", "Too many tokens, please wait before trying again.", 429, "throttled"),
    ("throttlingException", "Too many requests, please wait before trying again.", None, "throttled"),
    ("ServiceQuotaExceededException", "Your account has exceeded its quota.", 400, "throttled"),
    ("ModelNotReadyException", "Model is not ready for inference. Wait and try your request again.", 429, "transient"),
    ("internalServerException", "The system encountered an unexpected error during processing.", None, "transient"),
    ("ModelTimeoutException", "Model has timed out in processing the request. Try your request again.", 408, "timeout"),
    ("ValidationException", "Input is too long for requested model.", 400, "context_overflow"),
    ("ValidationException", "The model returned: prompt is too long: 215689 tokens > 200000 maximum", 400, "context_overflow"),
    (
        "ValidationException",
        "input length and `max_tokens` exceed context limit: 190000 + 20000",
        400,
        "context_overflow",
    ),
    ("ValidationException", "Too many input tokens. Max input tokens: 8192", 400, "context_overflow"),
    (
        "exceed_context_size_error",
        "request (9002 tokens) exceeds the available context size",
        400,
        "context_overflow",
    ),
    (
        "ValidationException",
        "Invocation of x with on-demand throughput isn\u2019t supported.",
        400,
        "needs_inference_profile",
    ),
    ("ValidationException", "The provided model identifier is invalid.", 400, "unknown_model"),
    ("ResourceNotFoundException", "This model version has reached the end of its life.", 404, "unknown_model"),
    ("ResourceNotFoundException", "Model use case details have not been submitted for this account.", 404, "model_not_enabled"),
    ("AccessDeniedException", "You don't have access to the model with the specified model ID.", 403, "model_not_enabled"),
    (
        "AccessDeniedException",
        "not authorized to perform (aws-marketplace:Subscribe)",
        403,
        "model_not_enabled",
    ),
    ("AccessDeniedException", "User: x is not authorized to perform: bedrock:InvokeModel on resource: y", 403, "access"),
    ("ExpiredTokenException", "The security token included in the request is expired", 403, "access"),
    ("ValidationException", "Malformed input request: #/temperature: 1.7 is not less or equal to 1", 400, "validation"),
    ("ValidationException", "The maximum tokens you requested exceeds the model limit of 4096.", 400, "validation"),
    ("insufficient_quota", "You exceeded your current quota, please check your plan and billing details.", 429, "no_credit"),
    ("rate_limit_exceeded", "Rate limit reached for gpt-4o on requests per min (RPM).", 429, "throttled"),
    ("context_length_exceeded", "Your input exceeds the limit of this model.", 400, "context_overflow"),
    ("BadRequestError", "This model's maximum context length is 4096 tokens.", 400, "context_overflow"),
    ("model_not_found", "The model `x` does not exist or you do not have access to it.", 404, "unknown_model"),
    ("invalid_api_key", "Incorrect API key provided.", 401, "access"),
    ("content_filter", "The response was filtered.", 400, "guardrail"),
    ("ThrottlingException", "Too many tokens per day, please wait before trying again.", 429, "daily_quota"),
    (
        "AccessDeniedException",
        "Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided.",
        403,
        "no_credit",
    ),
    ("ValidationException", "Operation not allowed", 400, "access"),
    (
        "ResourceNotFoundException",
        "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model.",
        404,
        "unknown_model",
    ),
    ("SomethingNew", "What is this?", 502, "transient"),
    ("SomethingNew", "What is this?", None, "unknown"),
]


@pytest.mark.parametrize(("code", "said", "status", "kind"), REAL)
def test_what_a_provider_says_finds_its_kind(code: str, said: str, status: int | None, kind: str) -> None:
    assert kind_of(code, said, status) == kind


def test_a_failure_quotes_the_provider_and_says_the_way_out() -> None:
    found = failure("throttled", "Too many\n tokens. ")
    assert found.message == f"Too many tokens. {KINDS['throttled'].way_out}"
    assert len(failure("unknown", "x" * 5000).message) <= SAID_LENGTH + len(KINDS["unknown"].way_out) + 2


def test_every_way_out_is_a_sentence_and_paid_attempts_are_not_repeated_blindly() -> None:
    assert all(kind.way_out.endswith(".") and len(kind.way_out.split()) > 6 for kind in KINDS.values())
    assert {name for name, kind in KINDS.items() if kind.retry} == {"throttled", "transient", "truncated_stream"}


def test_what_every_call_would_meet_stops_the_run_and_what_one_sample_meets_does_not() -> None:
    found = {policy: {name for name, kind in KINDS.items() if kind.policy is policy} for policy in Policy}
    assert found[Policy.STOP] == {
        "daily_quota", "no_credit", "access", "model_not_enabled", "needs_inference_profile", "unknown_model", "validation",
    }  # fmt: skip
    assert found[Policy.SAMPLE] == {
        "timeout",
        "context_overflow",
        "guardrail",
        "malformed",
        "not_recorded",
        "unknown",
        "attachment",
    }
    assert found[Policy.REST] == {"budget"}
    assert found[Policy.STOP] | found[Policy.REST] == STOPPERS


def test_the_table_of_the_operators_has_every_kind_with_what_ferry_does() -> None:
    told = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+)", told, re.MULTILINE))
    assert {name: rows.get(name) for name in KINDS} == {name: kind.policy.value for name, kind in KINDS.items()}
