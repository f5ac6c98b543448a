"""Deliveries: retries, redelivery, several connections, disconnects, signatures."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import limits
from bot.workspace.faults import Fault
from bot.workspace.people import BOT_USER, GENERAL, REQUESTER
from bot.workspace.person import Person, WorkspaceError
from bot.workspace.server import Workspace
from bot.workspace.signed_http import sign
from tests.bot.workspace.small_app import SmallApp, card, over_http, over_socket

Json = dict[str, Any]


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    for _ in range(int(seconds / 0.02)):
        if true():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


async def connection(workspace: Workspace, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    """A bare websocket, to see exactly what is sent."""
    client = AsyncWebClient(base_url=workspace.base_url)
    opened = await client.apps_connections_open(app_token=workspace.app_token)
    return await session.ws_connect(opened["url"])


async def test_an_event_that_is_not_acknowledged_comes_again(workspace: Workspace, requester: Person) -> None:
    workspace.delivery.retries, workspace.delivery.ack_seconds = (0.0, 0.05, 0.05), 0.1
    async with aiohttp.ClientSession() as session:
        socket = await connection(workspace, session)
        assert (await socket.receive_json())["type"] == "hello"
        await requester.say("hello")
        received: list[Json] = [await socket.receive_json(timeout=2) for _ in range(3)]
        await socket.send_json({"envelope_id": received[-1]["envelope_id"]})
        await workspace.tasks.idle()
        assert [envelope["retry_attempt"] for envelope in received] == [0, 1, 2]
        assert [envelope["retry_reason"] for envelope in received] == ["", "timeout", "timeout"]
        assert len({envelope["envelope_id"] for envelope in received}) == 1
        assert len({envelope["payload"]["event_id"] for envelope in received}) == 1
        assert [entry.error for entry in workspace.log.sent] == ["timeout", "timeout", None]
        await socket.close()


async def test_an_event_is_given_up_after_three_retries(workspace: Workspace, requester: Person) -> None:
    workspace.delivery.retries = (0.0, 0.01, 0.01)
    await requester.say("nobody listens")
    await workspace.tasks.idle()
    assert [(entry.attempt, entry.error) for entry in workspace.log.sent] == [(n, "no_connection") for n in range(4)]


async def test_a_click_without_a_connection_fails_at_once(
    workspace: Workspace, requester: Person, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel=GENERAL, text="x", blocks=card())
    with pytest.raises(WorkspaceError) as failed:
        await requester.click(posted["message"], "approve")
    assert (failed.value.code, failed.value.answer["reason"]) == ("dispatch_failed", "no_connection")


async def test_a_click_fails_when_its_connection_dies(workspace: Workspace, requester: Person, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=GENERAL, text="x", blocks=card())
    workspace.delivery.retries = ()
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        socket = await connection(workspace, session)
        await until(lambda: workspace.sockets.count == 1)
        click = group.create_task(_failure(requester.click(posted["message"], "approve")))
        while (await socket.receive_json())["type"] != "interactive":
            pass
        await socket.close()
    assert click.result() == "dispatch_failed"


async def _failure(call: Any) -> str:
    with pytest.raises(WorkspaceError) as failed:
        await call
    return failed.value.code


@pytest.mark.parametrize("over", [over_socket, over_http])
async def test_a_delivery_can_come_several_times(
    over: Any, workspace: Workspace, requester: Person, client: AsyncWebClient
) -> None:
    app = SmallApp(workspace)
    app.bolt.action("approve")(app.acked)
    async with over(app, workspace):
        workspace.faults.add(Fault(kind="redeliver", method="interactive", again=3))
        workspace.faults.add(Fault(kind="redeliver", method="events_api", again=1))
        posted = await client.chat_postMessage(channel=GENERAL, text="x", blocks=card())
        await workspace.tasks.idle()
        await requester.click(posted["message"], "approve")
        await workspace.tasks.idle()
    clicks = app.of("block_actions")
    assert len(clicks) == 4
    assert len({json.dumps(click["actions"]) for click in clicks}) == 1
    assert len({entry.envelope_id for entry in workspace.log.sent if entry.kind == "interactive"}) == 1
    assert [entry.attempt for entry in workspace.log.sent if entry.kind == "events_api"][:2] == [0, 1]


async def test_the_same_message_can_come_as_another_event(workspace: Workspace, requester: Person) -> None:
    app = SmallApp(workspace)
    async with over_socket(app, workspace):
        workspace.faults.add(Fault(kind="redeliver", method="events_api", fresh=True))
        await requester.say("once")
        await workspace.tasks.idle()
    assert [event["text"] for event in app.events("message")] == ["once", "once"]
    assert len({body["event_id"] for body in app.heard}) == 2


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "cut", "mute"])
async def test_the_app_reconnects_and_goes_on(reason: str, workspace: Workspace, requester: Person) -> None:
    app = SmallApp(workspace)
    async with over_socket(app, workspace), aiohttp.ClientSession(workspace.url) as session:
        await requester.command("help", command="/order")
        async with session.post("/workspace/disconnect", json={"reason": reason}) as response:
            assert (await response.json())["ok"]
        await until(lambda: (workspace.sockets.made, workspace.sockets.count) == (2, 1))
        await requester.command("help", command="/order")
    assert len([body for body in app.heard if body.get("command")]) == 2


async def test_one_connection_of_several_gets_an_envelope(workspace: Workspace, requester: Person) -> None:
    first, second = SmallApp(workspace), SmallApp(workspace)
    async with over_socket(first, workspace), over_socket(second, workspace):
        for _ in range(4):
            await requester.command("help", command="/order")
    assert (len(first.heard), len(second.heard)) == (2, 2)


async def test_ten_connections_at_most_and_each_address_once(workspace: Workspace) -> None:
    async with aiohttp.ClientSession() as session:
        sockets = [await connection(workspace, session) for _ in range(limits.SOCKETS)]
        hellos = [(await socket.receive_json())["num_connections"] for socket in sockets]
        assert hellos == list(range(1, limits.SOCKETS + 1))
        eleventh = await connection(workspace, session)
        assert (await eleventh.receive_json())["reason"] == "too_many_websockets"
        for socket in [*sockets, eleventh]:
            await socket.close()
        url = workspace.sockets.address(workspace.url)
        await (await session.ws_connect(url)).close()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


class Receiver:
    """A request URL that writes down what it gets and answers as told."""

    def __init__(self, *statuses: int, headers: dict[str, str] | None = None) -> None:
        self.statuses, self.headers = list(statuses), headers or {}
        self.got: list[tuple[dict[str, str], str]] = []

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        if '"url_verification"' in body:
            return web.json_response({"challenge": json.loads(body)["challenge"]})
        self.got.append(({key.lower(): value for key, value in request.headers.items()}, body))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200, headers=self.headers)

    async def start(self) -> tuple[web.AppRunner, str]:
        app = web.Application()
        app.router.add_post("/", self.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/"


async def test_http_deliveries_are_signed_and_repeated(workspace: Workspace, requester: Person) -> None:
    receiver = Receiver(503, 500)
    runner, url = await receiver.start()
    workspace.delivery.retries = (0.0, 0.01, 0.01)
    await workspace.use_http(url)
    await requester.say("hello")
    await workspace.tasks.idle()
    await runner.cleanup()
    assert [headers.get("x-slack-retry-num") for headers, _ in receiver.got] == [None, "1", "2"]
    assert [headers.get("x-slack-retry-reason") for headers, _ in receiver.got] == [None, "http_error", "http_error"]
    for headers, body in receiver.got:
        expected = sign(workspace.signing_secret, headers["x-slack-request-timestamp"], body)
        assert headers["x-slack-signature"] == expected
    assert len({body for _, body in receiver.got}) == 1


async def test_an_app_can_ask_for_no_retry(workspace: Workspace, requester: Person) -> None:
    receiver = Receiver(503, headers={"X-Slack-No-Retry": "1"})
    runner, url = await receiver.start()
    workspace.delivery.retries = (0.0, 0.01, 0.01)
    await workspace.use_http(url)
    await requester.say("hello")
    await workspace.tasks.idle()
    await runner.cleanup()
    assert len(receiver.got) == 1


async def test_an_address_that_is_not_an_app_is_refused(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="challenge"):
        await workspace.use_http(f"{workspace.url}/")


async def test_events_the_app_is_not_subscribed_to_stay_away(workspace: Workspace, requester: Person) -> None:
    workspace.events.subscribed = frozenset({"app_mention"})
    workspace.delivery.retries = ()
    await requester.say("hello")
    await requester.say("@Ferry hello")
    await workspace.tasks.idle()
    assert [entry.name for entry in workspace.log.sent] == ["event app_mention"]


async def test_the_app_hears_of_changes_and_deletions(workspace: Workspace, client: AsyncWebClient) -> None:
    workspace.delivery.retries = ()
    async with aiohttp.ClientSession() as session:
        socket = await connection(workspace, session)
        assert (await socket.receive_json())["type"] == "hello"
        ts = (await client.chat_postMessage(channel=GENERAL, text="one"))["ts"]
        await client.chat_update(channel=GENERAL, ts=ts, text="two")
        await client.chat_delete(channel=GENERAL, ts=ts)
        posted, changed, deleted = [(await socket.receive_json())["payload"]["event"] for _ in range(3)]
        await socket.close()
    assert (posted["user"], posted["text"]) == (BOT_USER, "one")
    assert (changed["subtype"], changed["previous_message"]["text"], changed["message"]["text"]) == (
        "message_changed",
        "one",
        "two",
    )
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)


async def test_a_guest_keeps_the_id_of_their_team(workspace: Workspace, client: AsyncWebClient, requester: Person) -> None:
    app = SmallApp(workspace)
    app.bolt.action("approve")(app.acked)
    workspace.state.users[REQUESTER].team = "T0OTHER"
    async with over_socket(app, workspace):
        posted = await client.chat_postMessage(channel=GENERAL, text="x", blocks=card())
        await requester.click(posted["message"], "approve")
    (click,) = app.of("block_actions")
    assert (click["team"]["id"], click["user"]["team_id"]) == ("T0OTHER", "T0OTHER")
