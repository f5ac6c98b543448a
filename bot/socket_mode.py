"""Slack's websocket: a delivery is answered as soon as it is written down; forms and handshakes are answered by Bolt."""

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.desk import Desk
from bot.inbox import take


class Socket(AsyncSocketModeHandler):
    """Bolt's handler with our inbox before it. A delivery that cannot be written down is not acknowledged, so it comes again."""

    def __init__(self, app: AsyncApp, app_token: str, desk: Desk) -> None:
        super().__init__(app, app_token)
        self.desk = desk

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        if await take(self.app, self.desk, req.payload):
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
        else:
            await super().handle(client, req)
