"""Socket Mode: the websockets the app opened, one of which gets each envelope.

Source: docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import itertools
import json
import secrets
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from bot.blocks import limits
from bot.workspace.delivery import Envelope, acknowledged
from bot.workspace.people import APP
from bot.workspace.wire import Json, NotAckedError

_PATH: Final = "/link"
_PING_SECONDS: Final = 10.0


class Sockets:
    """The open connections and the envelopes they have not acknowledged yet."""

    def __init__(self) -> None:
        self._open: list[web.WebSocketResponse] = []
        self._tickets: set[str] = set()
        self._waiting: dict[str, tuple[web.WebSocketResponse, asyncio.Future[Json | None]]] = {}
        self._turn = itertools.count()

    @property
    def count(self) -> int:
        return len(self._open)

    def routes(self) -> list[web.RouteDef]:
        return [web.get(_PATH, self._connect)]

    def address(self, base: str) -> str:
        """A single-use websocket address (apps.connections.open)."""
        ticket = secrets.token_urlsafe(12)
        self._tickets.add(ticket)
        return f"{base.replace('http', 'ws', 1)}{_PATH}?ticket={ticket}&app_id={APP}"

    async def deliver(self, envelope: Envelope, seconds: float) -> Json | None:
        """Sends to one connection and waits for its acknowledgement."""
        if not self._open:
            raise NotAckedError("no_connection")
        socket = self._open[next(self._turn) % len(self._open)]
        answer: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope.id] = (socket, answer)
        try:
            async with asyncio.timeout(seconds):
                await socket.send_str(json.dumps(_message(envelope)))
                return await answer
        except TimeoutError:
            raise NotAckedError("timeout") from None
        except ConnectionError:
            raise NotAckedError("connection_failed") from None
        finally:
            self._waiting.pop(envelope.id, None)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tells every connection to go; after a `warning` Slack leaves it open for some seconds, else it closes it."""
        for socket in list(self._open):
            await socket.send_str(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}}))
            if reason != "warning":
                self._open.remove(socket)

    async def cut(self) -> None:
        """Closes every connection without a word, as a broken network does."""
        for socket in list(self._open):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="invalid ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=_PING_SECONDS)
        await socket.prepare(request)
        if self.count >= limits.SOCKETS:
            await socket.send_str(json.dumps({"type": "disconnect", "reason": "too_many_websockets"}))
            await socket.close()
            return socket
        await self._serve(socket)
        return socket

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        self._open.append(socket)
        await socket.send_str(json.dumps(_hello(self.count)))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledge(message.data)
        finally:
            self._gone(socket)

    def _acknowledge(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            return
        waiting = self._waiting.get(str(message.get("envelope_id"))) if isinstance(message, dict) else None
        if waiting is not None and not waiting[1].done():
            waiting[1].set_result(acknowledged(message.get("payload")))

    def _gone(self, socket: web.WebSocketResponse) -> None:
        if socket in self._open:
            self._open.remove(socket)
        for owner, answer in list(self._waiting.values()):
            if owner is socket and not answer.done():
                answer.set_exception(NotAckedError("connection_failed"))


def _hello(connections: int) -> Json:
    return {
        "type": "hello",
        "num_connections": connections,
        "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 18_060},
        "connection_info": {"app_id": APP},
    }


def _message(envelope: Envelope) -> Json:
    message: Json = {
        "envelope_id": envelope.id,
        "type": envelope.kind,
        "payload": envelope.payload,
        "accepts_response_payload": envelope.kind != "events_api",
    }
    if envelope.kind == "events_api":
        message |= {"retry_attempt": envelope.attempt, "retry_reason": envelope.reason}
    return message
