"""A Bedrock on 127.0.0.1 that says what it is told, one reply after another; the last one repeats."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.pipeline.models.frames import event, exception

STREAM = "application/vnd.amazon.eventstream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One reply: `parts` are sent one by one, a number among them is a pause in seconds. `end`: well, reset, cut or hang.

    `reset` drops the connection before any byte, `cut` after the parts, `hang` never ends; `well` ends the body as HTTP wants.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[bytes | float] = ()
    end: str = "well"


@dataclass(slots=True)
class Peer:
    """What is said by model id, and what was asked: (model id, operation, body)."""

    replies: dict[str, list[Said]]
    url: str = ""
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def calls(self, model: str) -> int:
        return sum(asked[0] == model for asked in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = re.search(r"content-length: *(\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(size[1])) if size else b"{}"
        model, operation = unquote(head.split()[1]).removeprefix("/model/").rsplit("/", 1)
        self.asked.append((model, operation, json.loads(body)))
        replies = self.replies[model]
        return await say(replies[min(self.calls(model), len(replies)) - 1], writer)


@asynccontextmanager
async def bedrock(replies: Mapping[str, Sequence[Said]]) -> AsyncIterator[Peer]:
    """A running peer; its `url` is the endpoint."""
    peer = Peer({model: list(said) for model, said in replies.items()})
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield peer
    finally:
        server.close()


def error(status: int, code: str, message: str, **more: Any) -> Said:
    """An error as Bedrock writes it."""
    headers = {"x-amzn-ErrorType": f"{code}:http://internal.amazon.com/coral/com.amazon.bedrock/", "x-amzn-RequestId": "r-err"}
    return Said(status=status, headers=headers, parts=[json.dumps({"message": message, **more}).encode()])


def answered(text: str, stop_reason: str = "end_turn") -> Said:
    """A Converse reply."""
    body = {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": stop_reason,
        "usage": {"inputTokens": 10, "outputTokens": 3, "totalTokens": 13},
        "metrics": {"latencyMs": 50},
    }
    return Said(headers={"x-amzn-RequestId": "r-1"}, parts=[json.dumps(body).encode()])


def streamed(*texts: str, first: float = 0.0, gap: float = 0.0, stop_reason: str = "end_turn") -> Said:
    """A whole ConverseStream reply, a frame for each text, after pauses."""
    parts: list[bytes | float] = [event("messageStart", {"role": "assistant"}), first]
    for text in texts:
        parts += [delta(text), gap]
    return Said(headers={"Content-Type": STREAM, "x-amzn-RequestId": "r-2"}, parts=[*parts, *ending(stop_reason)])


def broken(*parts: bytes, end: str = "well") -> Said:
    """A stream that begins well and is nothing but `parts` from then on."""
    return Said(headers={"Content-Type": STREAM}, parts=[event("messageStart", {"role": "assistant"}), *parts], end=end)


def delta(text: str) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})


def ending(stop_reason: str) -> list[bytes]:
    usage = {"usage": {"inputTokens": 10, "outputTokens": 3, "totalTokens": 13}, "metrics": {"latencyMs": 50}}
    block, stop = event("contentBlockStop", {"contentBlockIndex": 0}), event("messageStop", {"stopReason": stop_reason})
    return [block, stop, event("metadata", usage)]


def fault(name: str, message: str, **more: Any) -> bytes:
    return exception(name, {"message": message, **more})


async def say(said: Said, writer: asyncio.StreamWriter) -> bool:
    """Sends one reply; False when the connection is over."""
    if said.end == "reset":
        writer.transport.abort()
        return False
    headers = {"Content-Type": "application/json", **said.headers, "Transfer-Encoding": "chunked"}
    writer.write(
        f"HTTP/1.1 {said.status} X\r\n".encode() + b"".join(f"{k}: {v}\r\n".encode() for k, v in headers.items()) + b"\r\n"
    )
    for part in said.parts:
        if isinstance(part, float):
            await asyncio.sleep(part)
        elif part:
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await writer.drain()
    if said.end == "hang":
        await asyncio.sleep(3600)
    if said.end == "cut":
        writer.transport.abort()
        return False
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True
