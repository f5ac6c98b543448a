"""The reader behind the rules, through boto3's own client and HTTP, against a server that answers as Converse does."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from agent.interpret import Facts, IntentKind, interpret
from agent.interpret.bedrock import SCHEMA, BedrockReader, intent_of, reader
from pipeline.models.settings import ModelSettings

MODEL = "us.amazon.nova-lite-v1:0"
FACTS = Facts(status="open", waiting="plan:1", metrics=("exact_match",), targets=("local:gemma3-270m",))


def converse(*content: dict[str, Any]) -> dict[str, Any]:
    """A response as documented for Converse, with these blocks."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 500, "outputTokens": 30, "totalTokens": 530},
        "metrics": {"latencyMs": 400},
    }


def tool_use(**given: Any) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": "tooluse_1", "name": "understood", "input": given}}


@asynccontextmanager
async def answering(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[dict[str, Any]], web.Response]
) -> AsyncIterator[tuple[BedrockReader, list[dict[str, Any]]]]:
    """A reader on a server that gives `answer`, and the requests the server has seen."""
    seen: list[dict[str, Any]] = []

    async def handle(request: web.Request) -> web.Response:
        assert request.match_info["model"] == MODEL
        seen.append(await request.json())
        return answer(seen[-1])

    app = web.Application()
    app.router.add_post("/model/{model}/converse", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    host, port = runner.addresses[0][:2]
    settings = ModelSettings(endpoint_url=f"http://{host}:{port}", region="us-east-1", timeout_s=5)
    try:
        yield reader(MODEL, settings), seen
    finally:
        await runner.cleanup()


def giving(response: dict[str, Any]) -> Callable[[dict[str, Any]], web.Response]:
    return lambda _request: web.json_response(response)


async def test_a_tool_call_is_an_intent(monkeypatch: pytest.MonkeyPatch) -> None:
    response = converse({"text": "Let me see."}, tool_use(kind="change_margin", margin=0.03, metric="exact_match"))
    async with answering(monkeypatch, giving(response)) as (read, seen):
        intent = await interpret("we could live with losing three in a hundred exact matches", FACTS, read)
    assert (intent.kind, intent.margin, intent.metric) == (IntentKind.CHANGE_MARGIN, 0.03, "exact_match")
    (request,) = seen
    assert request["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"] == SCHEMA
    said = json.loads(request["messages"][0]["content"][0]["text"])
    assert said["message"] == "we could live with losing three in a hundred exact matches"
    assert said["migration"] == {
        "status": "open", "waiting_for": "plan:1", "metrics": ["exact_match"], "targets": ["local:gemma3-270m"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "response",
    [
        converse({"text": "I think they want to cancel."}),
        converse(tool_use(kind="delete_everything")),
        converse(tool_use(kind="change_margin", margin=7)),
        converse(tool_use(kind="status", command="rm")),
        converse(tool_use()),
        {"output": {}},
        None,
    ],
    ids=["no tool call", "unknown kind", "no margin", "more than asked", "no kind", "no message", "refused"],
)
async def test_whatever_else_comes_leaves_the_rules(monkeypatch: pytest.MonkeyPatch, response: dict[str, Any] | None) -> None:
    refused = {"x-amzn-errortype": "AccessDeniedException"}

    def answer(_request: dict[str, Any]) -> web.Response:
        if response is None:
            return web.json_response({"message": "no"}, status=403, headers=refused)
        return web.json_response(response)

    async with answering(monkeypatch, answer) as (read, seen):
        assert (await interpret("staus", FACTS, read)).kind is IntentKind.STATUS
        assert (await interpret("how is the weather over there today", FACTS, read)).kind is IntentKind.UNKNOWN
    assert len(seen) == 2


async def test_no_server_leaves_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(monkeypatch, giving(converse())) as (read, _seen):
        pass
    assert (await interpret("staus", FACTS, read)).kind is IntentKind.STATUS


def test_a_metric_that_is_not_in_the_plan_is_none() -> None:
    response = converse(tool_use(kind="change_margin", margin=0.1, metric="vibes"))
    assert intent_of(response, FACTS).metric is None
