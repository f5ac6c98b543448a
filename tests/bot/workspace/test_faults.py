"""What can be made to go wrong goes wrong as it does at Slack, for the app and for slack_sdk's own retry handlers."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.faults import Fault
from bot.workspace.people import GENERAL
from bot.workspace.person import Person, messages
from bot.workspace.server import Workspace


async def post(client: AsyncWebClient, text: str = "x") -> Any:
    return await client.chat_postMessage(channel=GENERAL, text=text)


async def test_429_says_when_to_come_back(client: AsyncWebClient, workspace: Workspace) -> None:
    workspace.faults.add(Fault(kind="rate_limit", method="chat.postMessage", times=1, seconds=7))
    with pytest.raises(SlackApiError) as refused:
        await post(client)
    assert (refused.value.response.status_code, refused.value.response["error"]) == (429, "ratelimited")
    assert refused.value.response.headers["Retry-After"] == "7"
    assert (await post(client))["ok"]
    assert [call.fault for call in workspace.log.calls_of("chat.postMessage")] == ["rate_limit", None]


async def test_the_sdk_waits_out_a_429(workspace: Workspace) -> None:
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.base_url)
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    workspace.faults.add(Fault(kind="rate_limit", times=1, seconds=1))
    assert (await post(client))["ok"]
    assert len(workspace.log.calls) == 2


async def test_a_share_of_the_calls_is_refused(client: AsyncWebClient, workspace: Workspace) -> None:
    workspace.faults.add(Fault(kind="refuse", method="chat.postMessage", times=None, share=0.5, error="internal_error"))
    for _ in range(40):
        with suppress(SlackApiError):
            await post(client)
    counted = Counter(call.error for call in workspace.log.calls)
    assert set(counted) == {None, "internal_error"}
    assert 8 <= counted[None] <= 32
    workspace.faults.clear()
    assert (await post(client))["ok"]


async def test_a_dropped_connection_leaves_the_message(client: AsyncWebClient, workspace: Workspace, requester: Person) -> None:
    workspace.faults.add(Fault(kind="drop", method="chat.postMessage"))
    with pytest.raises(aiohttp.ClientError):
        await post(client, "stored")
    workspace.faults.add(Fault(kind="drop_before", method="chat.postMessage"))
    with pytest.raises(aiohttp.ClientError):
        await post(client, "lost")
    assert [message["text"] for message in messages(await requester.see())] == ["stored"]


async def test_the_default_client_posts_twice_after_a_drop(workspace: Workspace, requester: Person) -> None:
    """Why the outbox must not use slack_sdk's default retry handler."""
    workspace.faults.add(Fault(kind="drop", method="chat.postMessage"))
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.base_url)
    assert (await post(client))["ok"]
    assert len(messages(await requester.see())) == 2


async def test_slow_and_broken_answers(client: AsyncWebClient, workspace: Workspace) -> None:
    workspace.faults.add(Fault(kind="slow", seconds=0.2))
    await post(client)
    assert workspace.log.calls[-1].ms >= 200
    workspace.faults.add(Fault(kind="status", status=502))
    with pytest.raises(SlackApiError) as refused:
        await post(client)
    assert refused.value.response.status_code == 502


async def test_faults_from_outside(client: AsyncWebClient, workspace: Workspace) -> None:
    async with aiohttp.ClientSession(workspace.url) as session:

        async def ask(path: str, **body: object) -> Any:
            async with session.post(f"/workspace/{path}", json=body) as response:
                return await response.json()

        assert (await ask("faults", kind="refuse", method="chat.postMessage", error="restricted_action"))["ok"]
        assert not (await ask("faults", kind="sulk"))["ok"]
        assert not (await ask("faults", kind="drop", mood="bad"))["ok"]
        with pytest.raises(SlackApiError, match="restricted_action"):
            await post(client)
        await ask("faults", kind="drop", times=None)
        async with session.get("/workspace/faults") as response:
            assert [fault["kind"] for fault in (await response.json())["faults"]] == ["drop"]
        async with session.delete("/workspace/faults") as response:
            assert response.status == 200
        ts = (await post(client))["ts"]

        assert (await ask("delete", channel=GENERAL, ts=ts))["ok"]
        assert (await ask("delete", channel=GENERAL, ts=ts))["error"] == "message_not_found"
        with pytest.raises(SlackApiError, match="message_not_found"):
            await client.chat_update(channel=GENERAL, ts=ts, text="x")
        await ask("channel", channel=GENERAL, bot=False)
        with pytest.raises(SlackApiError, match="not_in_channel"):
            await post(client)
        await ask("channel", channel=GENERAL, bot=True, archived=True)
        with pytest.raises(SlackApiError, match="is_archived"):
            await post(client)
        await ask("channel", channel=GENERAL, archived=False)
        await post(client)

        added = await ask("people", id="U0GUEST", name="Guest", team="T0OTHER", deleted=True)
        assert (added["user"]["is_stranger"], added["user"]["deleted"]) == (True, True)
        assert (await client.users_info(user="U0GUEST"))["user"]["team_id"] == "T0OTHER"
        async with session.get("/workspace/log", params={"after": "0"}) as response:
            log = await response.json()
        assert {call["method"] for call in log["calls"]} == {"chat.postMessage", "chat.update", "users.info"}
        assert log["last"] >= len(log["calls"])


async def test_nothing_is_left_running_after_a_stop() -> None:
    before = asyncio.all_tasks()
    workspace = await Workspace.start()
    workspace.delivery.retries = (60.0,)
    person = workspace.person("U0REQUESTER")
    await person.say("nobody listens")
    await asyncio.sleep(0)
    await workspace.stop()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_port_that_is_taken_is_said_and_leaves_nothing(workspace: Workspace) -> None:
    before = asyncio.all_tasks()
    with pytest.raises(OSError, match="address"):
        await Workspace.start(int(workspace.url.rsplit(":", 1)[1]))
    assert asyncio.all_tasks() == before
