"""Socket Mode: the websockets the app opened, one of which gets each envelope.

Source: docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import itertools
import json
import secrets
from dataclasses import dataclass
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from bot.blocks import limits
from bot.workspace.delivery import Envelope, acknowledged
from bot.workspace.people import APP
from bot.workspace.wire import Json, NotAckedError

_PATH: Final = "/link"
_PING_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """An envelope on its way; the same one may be under way twice when it is delivered again."""

    envelope_id: str
    socket: web.WebSocketResponse
    answer: asyncio.Future[Json | None]


class Sockets:
    """The open connections and the envelopes they have not acknowledged yet."""

    def __init__(self) -> None:
        self.made = 0  # connections so far, those that are gone included
        self._open: list[web.WebSocketResponse] = []
        self._transports: dict[web.WebSocketResponse, asyncio.Transport | None] = {}
        self._muted: set[web.WebSocketResponse] = set()
        self._tickets: set[str] = set()
        self._waiting: list[_Waiting] = []
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
        waiting = _Waiting(envelope.id, socket, answer)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(seconds):
                await socket.send_str(json.dumps(_message(envelope)))
                return await answer
        except TimeoutError:
            raise NotAckedError("timeout") from None
        except ConnectionError:
            raise NotAckedError("connection_failed") from None
        finally:
            self._waiting.remove(waiting)

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

    def mute(self) -> None:
        """Leaves every connection open but reads nothing from it, as a half-open connection: no pong, no acknowledgement.

        They are given up once the app connects again.
        """
        self._muted.update(self._open)
        for socket in self._open:
            transport = self._transports[socket]
            if transport is not None:
                transport.pause_reading()

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
        self._transports[socket] = request.transport
        await self._serve(socket)
        return socket

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        self.made += 1
        self._open = [*(each for each in self._open if each not in self._muted), socket]
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
        envelope_id = message.get("envelope_id") if isinstance(message, dict) else None
        for waiting in self._waiting:
            if waiting.envelope_id == envelope_id and not waiting.answer.done():
                waiting.answer.set_result(acknowledged(message.get("payload")))
                return

    def _gone(self, socket: web.WebSocketResponse) -> None:
        self._transports.pop(socket, None)
        self._muted.discard(socket)
        if socket in self._open:
            self._open.remove(socket)
        for waiting in self._waiting:
            if waiting.socket is socket and not waiting.answer.done():
                waiting.answer.set_exception(NotAckedError("connection_failed"))


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
