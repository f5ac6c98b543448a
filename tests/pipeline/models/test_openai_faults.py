"""What the adapter for OpenAI makes of every way a call goes wrong, over real connections."""

import asyncio
import json
import socket
from time import perf_counter
from typing import Any

import pytest

from pipeline.models import open_model
from pipeline.models.settings import OpenAIAccess
from pipeline.records import Output
from tests.pipeline.models.ask import Sleeps, all_of, request, settings
from tests.pipeline.models.openai_peer import (
    KEY,
    Body,
    Peer,
    answered,
    broken,
    chunk,
    error,
    openai_peer,
    plain,
    sample_of,
    streamed,
)
from tests.pipeline.models.peer import Said

RATE = error(429, "Rate limit reached for gpt-4o on tokens per min (TPM).", type="tokens", code="rate_limit_exceeded")
BUSY = error(503, "The engine is currently overloaded.", type="server_error")
RESET = Said(end="reset")
HALF = chunk({"content": "half"})


async def ask(*said: Said, **changes: Any) -> tuple[Output, Peer]:
    async with openai_peer(said) as peer:
        model = open_model("openai:gpt-4o", settings=settings(openai=peer.access(), **{"timeout_s": 5.0, **changes}))
        output = await model.answer(request())
        await model.close()
        return output, peer


@pytest.mark.parametrize(
    "passing", [RATE, BUSY, RESET, error(408, "x"), error(409, "x"), error(500, "x"), plain(502, "<html>", "text/html")]
)
@pytest.mark.parametrize("stream", [True, False])
async def test_what_passes_is_tried_again_until_it_passes(passing: Said, stream: bool) -> None:
    sleeps = Sleeps()
    output, peer = await ask(passing, passing, streamed("a", "b") if stream else answered("ab"), stream=stream, sleep=sleeps)
    assert (output.text, output.attempts, len(peer.asked)) == ("ab", 3, 3)
    assert sleeps.asked == [1.0, 2.0]


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"retry_after": 7}, [8.0]),
        ({"retry_after": 7, "retry_after_ms": 250}, [1.25]),
        ({"retry_after": 9999}, [61.0]),
        ({"retry_after": "Wed, 25 Nov 2026 10:00:00 GMT"}, [1.0]),
        ({"retry_after": "nan"}, [1.0]),
    ],
)
async def test_a_server_is_left_alone_as_long_as_it_asks_but_no_longer_than_the_settings_allow(
    headers: dict[str, Any], waited: list[float]
) -> None:
    sleeps = Sleeps()
    output, _ = await ask(error(429, "slow down", **headers), streamed("a"), sleep=sleeps)
    assert (output.text, sleeps.asked) == ("a", waited)


@pytest.mark.parametrize(
    ("said", "kind", "calls"),
    [
        (RATE, "throttled", 3),
        (error(429, "You exceeded your current quota, please check your plan.", code="insufficient_quota"), "no_credit", 1),
        (error(402, "Insufficient Balance"), "no_credit", 1),
        (error(401, "Incorrect API key provided.", code="invalid_api_key", type="invalid_request_error"), "access", 1),
        (error(403, "Country, region, or territory not supported"), "access", 1),
        (error(404, "The model `x` does not exist or you do not have access to it.", code="model_not_found"), "unknown_model", 1),
        (plain(404, {"detail": "Not Found"}), "unknown_model", 1),
        (
            error(400, "This model's maximum context length is 8192 tokens.", code="context_length_exceeded"),
            "context_overflow",
            1,
        ),
        (
            error(
                400,
                "'max_tokens' is too large: 9000. This model's maximum context length is 4096",
                type="BadRequestError",
                code=400,
            ),
            "context_overflow",
            1,
        ),
        (error(400, "the request exceeds the available context size", type="exceed_context_size_error"), "context_overflow", 1),
        (error(400, "max_tokens is too large: 9000. This model supports at most 4096.", param="max_tokens"), "validation", 1),
        (error(400, "Invalid type for 'messages'", type="invalid_request_error"), "validation", 1),
        (error(400, "The response was filtered", code="content_filter"), "guardrail", 1),
        (plain(422, {"detail": [{"loc": ["body", "seed"], "msg": "bad", "input": "sample text"}]}), "validation", 1),
        (answered("", "content_filter"), "guardrail", 1),
        (answered("half", "model_length"), "context_overflow", 1),
        (plain(200, {"error": {"message": "upstream is gone", "code": 502}}), "transient", 3),
        (plain(200, {"choices": []}), "unknown", 1),
        (plain(200, ["x"]), "unknown", 1),
        (plain(200, "<html>log in</html>", "text/html"), "unknown", 1),
        (plain(200, '{"choices": [', "application/json"), "unknown", 1),
        (plain(307, ""), "unknown", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_failure_has_its_kind_and_stops_or_repeats(said: Said, kind: str, calls: int) -> None:
    output, peer = await ask(said, stream=False, attempts=3)
    assert output.text is None
    assert output.failure is not None
    assert (output.failure.kind, len(peer.asked), output.attempts) == (kind, calls, calls)
    assert "sample text" not in output.failure.message


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (broken(HALF), "truncated_stream"),
        (broken(HALF, b"data: [DONE]\n\n"), "truncated_stream"),
        (broken(HALF, end="cut"), "truncated_stream"),
        (broken(HALF, chunk({"content": "x"})[:30]), "truncated_stream"),
        (broken(HALF, b"data: {not json}\n\n"), "truncated_stream"),
        (broken(HALF, b"data: \xff\xfe\n\n"), "truncated_stream"),
        (broken(HALF, b'data: {"choices": "none"}\n\n'), "unknown"),
        (broken(HALF, b'data: {"error": {"message": "Rate limit", "code": "rate_limit_exceeded"}}\n\n'), "throttled"),
        (broken(HALF, b'data: {"error": {"message": "The server had an error", "type": "server_error"}}\n\n'), "transient"),
        (broken(HALF, b'data: {"error": {"message": "engine died", "code": 500}}\n\n'), "transient"),
        (broken(HALF, b'data: {"error": "something else"}\n\n'), "truncated_stream"),
        (plain(200, "<html>", "text/html"), "truncated_stream"),
        (streamed("blocked", finish="content_filter"), "guardrail"),
    ],
)
async def test_half_a_stream_is_never_an_answer(said: Said, kind: str) -> None:
    output, _ = await ask(said, attempts=1)
    assert output.text is None
    assert output.failure is not None
    assert output.failure.kind == kind


async def test_texts_do_not_follow_a_redirect() -> None:
    output, peer = await ask(Said(status=307, headers={"Location": "/v1/elsewhere"}), answered("x"), stream=False)
    assert output.failure is not None
    assert [asked.path for asked in peer.asked] == ["/v1/chat/completions"]


async def test_a_broken_stream_is_asked_again() -> None:
    output, _ = await ask(broken(HALF), streamed("whole"))
    assert (output.text, output.attempts) == ("whole", 2)


@pytest.mark.parametrize(
    ("said", "stream"), [(Said(end="hang"), False), (Said(end="hang"), True), (broken(HALF, end="hang"), True)]
)
async def test_a_model_that_hangs_is_given_up_once_and_says_so(said: Said, stream: bool) -> None:
    started = perf_counter()
    output, peer = await ask(said, stream=stream, timeout_s=0.3)
    assert output.failure is not None
    assert (output.failure.kind, len(peer.asked)) == ("timeout", 1)
    assert output.failure.message.startswith("No answer within 0.3 s. ")
    assert perf_counter() - started < 3


async def test_a_stream_that_drips_ends_at_the_deadline() -> None:
    output, _ = await ask(streamed(*["x"] * 40, gap=0.1), timeout_s=0.5)
    assert output.failure is not None
    assert output.failure.kind == "timeout"
    assert output.latency_s is not None
    assert output.latency_s < 1.5


async def test_cancelling_closes_the_connection_and_the_next_call_works() -> None:
    async with openai_peer([broken(HALF, end="hang"), streamed("b")]) as peer:
        model = open_model("openai:m", settings=settings(openai=peer.access(), in_flight=1))
        call = asyncio.create_task(model.answer(request()))
        await peer.came.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await model.answer(request())).text == "b"
        await asyncio.wait_for(peer.left.wait(), 2.0)
        await model.close()


async def test_a_storm_of_429_loses_nothing_and_doubles_nothing() -> None:
    seen: dict[str, int] = {}

    def reply(body: Body) -> Said:
        number = sample_of(body)
        seen[number] = seen.get(number, 0) + 1
        return RATE if seen[number] <= int(number) % 4 else streamed(f"answer {number}", first=0.01)

    async with openai_peer(reply) as peer:
        model = open_model("openai:m", settings=settings(openai=peer.access(), in_flight=8))
        asked = [request(f"number {n}", sample_id=str(n)) for n in range(60)]
        outputs = await all_of(model, asked)
        await model.close()
    assert [(o.sample_id, o.text, o.attempts) for o in outputs] == [(str(n), f"answer {n}", n % 4 + 1) for n in range(60)]
    assert sum(o.attempts for o in outputs) == len(peer.asked)
    assert 2 <= peer.most_open <= 8


async def test_a_server_that_is_not_there_is_said_by_its_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        model = open_model("openai:m", settings=settings(openai=OpenAIAccess(url=url, key=KEY), attempts=2))
        output = await model.answer(request())
        await model.close()
    assert output.failure is not None
    assert (output.failure.kind, output.attempts) == ("transient", 2)
    assert output.failure.message.startswith(f"{url} cannot be reached")


async def test_a_missing_key_is_said_before_any_call() -> None:
    model = open_model("openai:m", settings=settings(openai=OpenAIAccess()))
    output = await model.answer(request())
    assert output.failure is not None
    assert output.failure.kind == "access"
    assert "OPENAI_API_KEY" in output.failure.message


async def test_a_key_that_a_server_quotes_is_not_stored() -> None:
    output, _ = await ask(error(401, f"Incorrect API key provided: {KEY}."))
    assert output.failure is not None
    assert KEY not in json.dumps(output.failure.message)
    assert "provided: ***" in output.failure.message
