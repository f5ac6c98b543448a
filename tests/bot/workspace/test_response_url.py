"""response_url: answers to a command or a click, five of them, for half an hour."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.workspace.people import GENERAL, OWNER, REQUESTER
from bot.workspace.person import messages
from bot.workspace.server import Workspace
from tests.bot.workspace.small_app import card


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def hook(workspace: Workspace, message_ts: str | None = None) -> AsyncWebhookClient:
    token = workspace.state.reply_address(REQUESTER, GENERAL, message_ts)
    return AsyncWebhookClient(f"{workspace.url}/response/{token}")


async def status(call: Any) -> tuple[int, str]:
    answer = await call
    return answer.status_code, answer.body


async def test_five_answers_and_no_more(workspace: Workspace) -> None:
    reply = hook(workspace)
    for number in range(5):
        assert await status(reply.send(text=str(number))) == (200, "ok")
    assert await status(reply.send(text="5")) == (404, "used_url")
    seen = messages(await workspace.person(REQUESTER).see())
    assert [(message["text"], message["is_ephemeral"]) for message in seen] == [(str(number), True) for number in range(5)]
    assert messages(await workspace.person(OWNER).see()) == []


async def test_half_an_hour_and_no_longer() -> None:
    clock = Clock()
    async with await Workspace.start(clock=clock) as workspace:
        reply = hook(workspace)
        clock.now += 1_799
        assert await status(reply.send(text="in time")) == (200, "ok")
        clock.now += 2
        assert await status(reply.send(text="late")) == (404, "expired_url")


async def test_it_can_answer_everybody_change_and_delete(workspace: Workspace, client: AsyncWebClient) -> None:
    owner = workspace.person(OWNER)
    assert await status(hook(workspace).send(text="for all", response_type="in_channel")) == (200, "ok")
    assert [message["text"] for message in messages(await owner.see())] == ["for all"]
    ts = (await client.chat_postMessage(channel=GENERAL, text="card", blocks=card()))["ts"]
    reply = hook(workspace, ts)
    assert await status(reply.send(text="changed", replace_original=True)) == (200, "ok")
    assert [message["text"] for message in messages(await owner.see())] == ["for all", "changed"]
    assert await status(reply.send(delete_original=True)) == (200, "ok")
    assert [message["text"] for message in messages(await owner.see())] == ["for all"]
    assert await status(reply.send(delete_original=True)) == (404, "message_not_found")


async def test_an_ephemeral_can_only_be_changed_this_way(workspace: Workspace, client: AsyncWebClient) -> None:
    ts = (await client.chat_postEphemeral(channel=GENERAL, user=REQUESTER, text="one"))["message_ts"]
    assert await status(hook(workspace, ts).send(text="two", replace_original=True)) == (200, "ok")
    (seen,) = messages(await workspace.person(REQUESTER).see())
    assert seen["text"] == "two"


@pytest.mark.parametrize(
    ("body", "error"), [({"text": ""}, "no_text"), ({"text": "x", "blocks": [{"type": "table", "rows": []}]}, "invalid_blocks")]
)
async def test_what_slack_refuses_is_refused_here(body: dict[str, Any], error: str, workspace: Workspace) -> None:
    assert await status(hook(workspace).send_dict(body)) == (400, error)
