"""What the Bedrock adapter makes of every way a call goes wrong, over real connections."""

import asyncio
import json
from dataclasses import replace
from time import perf_counter
from typing import Any

import pytest

from pipeline.errors import InputError
from pipeline.models import open_model
from pipeline.records import Output, Parameters, Usage
from tests.pipeline.models.ask import Sleeps, request, settings
from tests.pipeline.models.frames import event
from tests.pipeline.models.peer import Peer, Said, answered, bedrock, broken, delta, ending, error, fault, streamed

M = "anthropic.claude-haiku-4-5-20251001-v1:0"
THROTTLED = error(429, "ThrottlingException", "Too many tokens, please wait before trying again.")
UNAVAILABLE = error(503, "ServiceUnavailableException", "Bedrock is unable to process your request.")
RESET = Said(end="reset")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


async def ask(*said: Said, parameters: dict[str, Any] | None = None, **changes: Any) -> tuple[Output, Peer]:
    async with bedrock({M: said}) as peer:
        model = open_model(f"bedrock:{M}", settings=settings(endpoint_url=peer.url, **{"timeout_s": 5.0, **changes}))
        output = await model.answer(request(**parameters or {}))
        await model.close()
        return output, peer


@pytest.mark.parametrize("passing", [THROTTLED, UNAVAILABLE, RESET, error(500, "InternalServerException", "Internal")])
@pytest.mark.parametrize("stream", [True, False])
async def test_what_passes_is_tried_again_until_it_passes(passing: Said, stream: bool) -> None:
    sleeps = Sleeps()
    output, peer = await ask(passing, passing, streamed("a", "b") if stream else answered("ab"), stream=stream, sleep=sleeps)
    assert (output.text, output.attempts, peer.calls(M)) == ("ab", 3, 3)
    assert sleeps.asked == [1.0, 2.0]


async def test_a_model_behind_profiles_is_told_which_ones_and_none_is_taken_for_it() -> None:
    said = "Invocation of model ID x with on-demand throughput isn\u2019t supported."
    output, peer = await ask(error(400, "ValidationException", said))
    assert output.failure is not None
    assert f"bedrock:us.{M}" in output.failure.message
    assert f"bedrock:eu.{M}" in output.failure.message
    assert {model for model, _, _ in peer.asked} == {M}


async def test_an_output_says_where_in_which_tier_from_the_cache_and_after_which_attempts() -> None:
    used = {"inputTokens": 3, "outputTokens": 7, "totalTokens": 1722, "cacheReadInputTokens": 700, "cacheWriteInputTokens": 12}
    end = event("messageStop", {"stopReason": "end_turn"})
    told = event("metadata", {"usage": used, "metrics": {"latencyMs": 5}, "serviceTier": {"type": "flex"}})
    half = broken(delta("half"), event("messageStop", {"stopReason": "end_turn"}))
    output, _ = await ask(THROTTLED, RESET, half, broken(delta("whole"), end, told))
    assert (output.text, output.tier, output.region, output.attempts) == ("whole", "flex", "us-east-1", 4)
    assert output.usage == Usage(input_tokens=715, output_tokens=7, cache_read_tokens=700, cache_write_tokens=12)
    assert [(each.kind, each.code) for each in output.retried] == [
        ("throttled", "ThrottlingException"),
        ("transient", "ConnectionClosedError"),
        ("truncated_stream", ""),
    ]
    assert all(each.seconds is not None for each in output.retried)


@pytest.mark.parametrize(
    ("said", "kind", "calls"),
    [
        (THROTTLED, "throttled", 3),
        (UNAVAILABLE, "transient", 3),
        (RESET, "transient", 3),
        (error(429, "ModelNotReadyException", "Model is not ready for inference. Wait and try again."), "transient", 3),
        (error(424, "ModelErrorException", "boom", originalStatusCode=500, resourceName="x"), "transient", 3),
        (error(408, "ModelTimeoutException", "Model has timed out in processing the request."), "timeout", 1),
        (error(400, "ValidationException", "Input is too long for requested model."), "context_overflow", 1),
        (
            error(
                400,
                "ValidationException",
                "Invocation of model ID x with on-demand throughput isn\u2019t supported. Retry your request "
                "with the ID or ARN of an inference profile that contains this model.",
            ),
            "needs_inference_profile",
            1,
        ),
        (
            error(403, "AccessDeniedException", "You don't have access to the model with the specified model ID."),
            "model_not_enabled",
            1,
        ),
        (error(403, "AccessDeniedException", "User is not authorized to perform: bedrock:InvokeModel"), "access", 1),
        (error(403, "UnrecognizedClientException", "The security token included in the request is invalid."), "access", 1),
        (error(404, "ResourceNotFoundException", "This model version has reached the end of its life."), "unknown_model", 1),
        (error(400, "ValidationException", "The maximum tokens you requested exceeds the model limit of 4096."), "validation", 1),
        (answered("", "guardrail_intervened"), "guardrail", 1),
        (answered("half an answer", "model_context_window_exceeded"), "context_overflow", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_failure_has_its_kind_and_stops_or_repeats(said: Said, kind: str, calls: int) -> None:
    output, peer = await ask(said, stream=False, attempts=3)
    assert output.text is None
    assert output.failure is not None
    assert (output.failure.kind, peer.calls(M), output.attempts) == (kind, calls, calls)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (broken(delta("half")), "truncated_stream"),
        (broken(delta("half"), *ending("end_turn")[:2]), "truncated_stream"),
        (broken(delta("half"), end="cut"), "truncated_stream"),
        (broken(delta("half"), delta("x")[:20]), "truncated_stream"),
        (broken(delta("half"), delta("x")[:-1] + b"\0"), "truncated_stream"),
        (broken(delta("half"), fault("throttlingException", "Too many tokens")), "throttled"),
        (broken(delta("half"), fault("serviceUnavailableException", "busy")), "transient"),
        (broken(delta("half"), fault("modelStreamErrorException", "m", originalStatusCode=500)), "truncated_stream"),
        (broken(delta("half"), fault("validationException", "Input is too long for requested model")), "context_overflow"),
        (streamed("blocked", stop_reason="guardrail_intervened"), "guardrail"),
    ],
)
async def test_half_a_stream_is_never_an_answer(said: Said, kind: str) -> None:
    output, _ = await ask(said, attempts=1)
    assert output.text is None
    assert output.failure is not None
    assert output.failure.kind == kind


async def test_a_broken_stream_is_asked_again() -> None:
    output, _ = await ask(broken(delta("half")), streamed("whole"))
    assert (output.text, output.attempts) == ("whole", 2)


@pytest.mark.parametrize(
    ("said", "stream"), [(Said(end="hang"), False), (Said(end="hang"), True), (broken(delta("a"), end="hang"), True)]
)
async def test_a_model_that_hangs_is_given_up_once_and_says_so(said: Said, stream: bool) -> None:
    started = perf_counter()
    output, peer = await ask(said, stream=stream, timeout_s=0.3)
    assert output.failure is not None
    assert (output.failure.kind, peer.calls(M)) == ("timeout", 1)
    assert output.failure.message.startswith("No answer within 0.3 s. ") or stream
    assert perf_counter() - started < 3


async def test_a_stream_that_drips_ends_at_the_deadline() -> None:
    output, _ = await ask(streamed(*["x"] * 40, gap=0.1), timeout_s=0.5)
    assert output.failure is not None
    assert output.failure.kind == "timeout"
    assert output.latency_s is not None
    assert output.latency_s < 1.5


async def test_time_to_first_token_is_the_streams_own() -> None:
    output, _ = await ask(streamed("a", "b", first=0.2, gap=0.2))
    assert output.ttft_s is not None
    assert output.latency_s is not None
    assert 0.2 <= output.ttft_s <= output.latency_s - 0.3


async def test_cancelling_ends_the_call_and_the_next_one_works() -> None:
    async with bedrock({M: [broken(delta("a"), end="hang"), streamed("b")]}) as peer:
        model = open_model(f"bedrock:{M}", settings=settings(endpoint_url=peer.url, timeout_s=1.0, in_flight=2))
        call = asyncio.create_task(model.answer(request()))
        await asyncio.sleep(0.3)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await model.answer(request())).text == "b"
        await model.close()


async def test_no_more_calls_are_open_than_the_settings_allow() -> None:
    async with bedrock({M: [streamed("x", first=0.2)]}) as peer:
        model = open_model(f"bedrock:{M}", settings=settings(endpoint_url=peer.url, in_flight=2))
        started = perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(model.answer(request()))
        assert perf_counter() - started >= 0.4
        await model.close()


async def test_the_request_says_what_the_prompt_says_and_no_more() -> None:
    schema = '{"type":"object"}'
    parameters = {"system": "Be kind.", "max_tokens": 7, "temperature": None, "stop": ("\n",), "json_schema": schema}
    _, peer = await ask(answered("x"), stream=False, parameters=parameters)
    assert peer.asked[0][2] == {
        "messages": [{"role": "user", "content": [{"text": "Where is my card?"}]}],
        "system": [{"text": "Be kind."}],
        "inferenceConfig": {"maxTokens": 7, "stopSequences": ["\n"]},
        "outputConfig": {
            "textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"name": "answer", "schema": schema}}}
        },
    }


async def test_an_inference_profile_is_called_by_its_arn() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    async with bedrock({arn: [answered("ok")]}) as peer:
        model = open_model(f"bedrock:{arn}", settings=settings(endpoint_url=peer.url, stream=False))
        assert (await model.answer(request())).text == "ok"
        await model.close()


async def test_reasoning_is_not_part_of_the_answer_and_tools_keep_what_was_written() -> None:
    content = [
        {"reasoningContent": {"reasoningText": {"text": "hmm"}}},
        {"text": "Let me see."},
        {"toolUse": {"toolUseId": "t", "name": "find", "input": {"b": 1, "a": 2}}},
    ]
    body = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 3, "outputTokens": 1, "totalTokens": 1716, "cacheWriteInputTokens": 1712},
        "metrics": {"latencyMs": 1},
    }
    output, _ = await ask(Said(parts=[json.dumps(body).encode()]), stream=False)
    assert (output.text, output.stop_reason, output.tool_calls) == (
        "Let me see.",
        "tool_use",
        ('{"input":{"a":2,"b":1},"name":"find"}',),
    )
    assert output.usage is not None
    assert output.usage.input_tokens == 1715


async def test_missing_credentials_are_a_failure_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    output, _ = await ask(answered("x"), profile="ferry-has-no-such-profile")
    assert output.failure is not None
    assert output.failure.kind == "access"
    assert "Ask the operator" in output.failure.message


def test_an_endpoint_that_is_no_address_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="must start with https://"):
        open_model(f"bedrock:{M}", settings=settings(endpoint_url="bedrock.example"))


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("`temperature` is deprecated for this model.", {"maxTokens", "topP"}),
        ("`temperature` and `top_p` cannot both be specified for this model. Please use only one.", {"maxTokens", "temperature"}),
        ("The model returned the following errors: topP: Extra inputs are not permitted", {"maxTokens", "temperature"}),
    ],
)
async def test_a_sampling_parameter_the_model_refuses_is_left_out_from_then_on(words: str, kept: set[str]) -> None:
    async with bedrock({M: [error(400, "ValidationException", words), answered("yes")]}) as peer:
        model = open_model(f"bedrock:{M}", settings=settings(endpoint_url=peer.url, stream=False))
        both = Parameters(max_tokens=9, temperature=0.0, top_p=0.9)
        asked = [await model.answer(replace(request(), parameters=both)) for _ in range(2)]
        await model.close()
    assert [output.text for output in asked] == ["yes", "yes"]
    assert [set(body["inferenceConfig"]) for _, _, body in peer.asked] == [{"maxTokens", "temperature", "topP"}, kept, kept]


async def test_a_refusal_that_names_no_parameter_of_ours_is_a_failure() -> None:
    words = "The maximum tokens you requested exceeds the model limit of 4096; temperature is not the matter."
    async with bedrock({M: [error(400, "ValidationException", words)]}) as peer:
        model = open_model(f"bedrock:{M}", settings=settings(endpoint_url=peer.url, stream=False))
        output = await model.answer(replace(request(), parameters=Parameters(max_tokens=9, temperature=None)))
        await model.close()
    assert output.failure is not None
    assert peer.calls(M) == 1
