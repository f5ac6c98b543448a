"""A small Bolt app as anybody would write it, run against the workspace in Socket Mode or over signed HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.people import GENERAL
from bot.workspace.server import Workspace

Json = dict[str, Any]


def text(value: str) -> Json:
    return {"type": "plain_text", "text": value}


def modal(callback_id: str, *blocks: Json, **more: object) -> Json:
    asks = {
        "type": "input",
        "block_id": "name",
        "label": text("Name"),
        "element": {"type": "plain_text_input", "action_id": "text"},
    }
    shown = list(blocks) or [asks]
    return {"type": "modal", "callback_id": callback_id, "title": text("Order"), "submit": text("Send"), "blocks": shown, **more}


def card(label: str = "Approve", value: str = "order-1") -> list[Json]:
    button = {"type": "button", "action_id": "approve", "value": value, "text": text(label)}
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": "An order."}},
        {"type": "actions", "block_id": "choices", "elements": [button]},
    ]


class SmallApp:
    """Commands open modals, submissions become cards, clicks change cards; `heard` is everything that arrived."""

    def __init__(self, workspace: Workspace) -> None:
        client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.base_url)
        self.bolt = AsyncApp(client=client, signing_secret=workspace.signing_secret, process_before_response=False)
        self.heard: list[Json] = []
        self.bolt.use(self._hear)
        self.bolt.command("/order")(self.order)
        self.bolt.view("order")(self.submitted)
        self.bolt.view({"type": "view_closed", "callback_id": "order"})(self.closed)
        self.bolt.action("approve")(self.approved)
        self.bolt.action("pick")(self.acked)
        for event in ("message", "app_mention", "file_shared"):
            self.bolt.event(event)(self.ignored)
        self.bolt.event("app_home_opened")(self.home)

    async def _hear(self, body: Json, next: Any) -> None:
        self.heard.append(body)
        await next()

    def events(self, kind: str) -> list[Json]:
        return [body["event"] for body in self.heard if body.get("event", {}).get("type") == kind]

    def of(self, kind: str) -> list[Json]:
        return [body for body in self.heard if body.get("type") == kind]

    async def order(self, ack: AsyncAck, body: Json, client: AsyncWebClient, respond: AsyncRespond) -> None:
        await ack()
        if body["text"] == "help":
            await respond("Type /order to order.")
        else:
            await client.views_open(trigger_id=body["trigger_id"], view=modal("order", notify_on_close=True))

    async def submitted(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        name = body["view"]["state"]["values"]["name"]["text"]["value"]
        if name == "nobody":
            await ack(response_action="errors", errors={"name": "Nobody is not a name."})
        elif name in ("update", "push"):
            await ack(response_action=name, view=modal("order", private_metadata=name))
        elif name == "clear":
            await ack(response_action="clear")
        elif name == "broken":
            await ack(response_action="update", view={**modal("order"), "title": text("t" * 25)})
        else:
            await ack()
            await client.chat_postMessage(channel=GENERAL, text=f"Order for {name}", blocks=card())

    async def closed(self, ack: AsyncAck) -> None:
        await ack()

    async def acked(self, ack: AsyncAck) -> None:
        await ack()

    async def approved(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        if "message" in body:
            done = f"Approved by <@{body['user']['id']}>"
            await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text=done, blocks=card("Again"))

    async def replaced(self, ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond("replaced", replace_original=True)

    async def ignored(self) -> None:
        return None

    async def home(self, event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": card()})


@asynccontextmanager
async def over_socket(app: SmallApp, workspace: Workspace) -> AsyncIterator[AsyncSocketModeHandler]:
    handler = AsyncSocketModeHandler(app.bolt, workspace.app_token, ping_interval=0.2)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def over_http(app: SmallApp, workspace: Workspace) -> AsyncIterator[str]:
    runner = web.AppRunner(app.bolt.server(port=0, path="/slack/events", host="127.0.0.1").web_app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await workspace.use_http(url)
    try:
        yield url
    finally:
        await runner.cleanup()
