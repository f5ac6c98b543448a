"""A server on 127.0.0.1 that speaks like OpenAI and says what it is told, one reply after another; the last one repeats."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from pipeline.models.settings import OpenAIAccess
from tests.pipeline.models.peer import Said, say

SSE = {"Content-Type": "text/event-stream", "x-request-id": "r-2"}
USAGE = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13, "prompt_tokens_details": {"cached_tokens": 4}}
DONE = b"data: [DONE]\n\n"
KEY = "sk-test-0123456789"
Body = dict[str, Any]
Replies = Sequence[Said] | Callable[[Body], Said]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came: its path, its headers with small names, and its body."""

    path: str
    headers: Mapping[str, str]
    body: Body


@dataclass(slots=True)
class Peer:
    """Replies one after another, or by what is asked; `came` once somebody asked, `left` once one who waited hung up."""

    replies: Replies
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    most_open: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def bodies(self) -> list[Body]:
        return [asked.body for asked in self.asked]

    def access(self, **changes: Any) -> OpenAIAccess:
        """This peer as what `openai:<model>` means."""
        return OpenAIAccess(**{"url": self.url, "key": KEY, **changes})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.asked.append(Asked(lines[0].split()[1], headers, body))
        said = self.replies(body) if callable(self.replies) else self.replies[min(len(self.asked), len(self.replies)) - 1]
        self.came.set()
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        gone = asyncio.create_task(reader.read(1)) if said.end == "hang" else None
        try:
            if gone is None:
                return await say(said, writer)
            answering = asyncio.create_task(say(said, writer))
            with suppress(ConnectionError):
                await gone
            answering.cancel()
            self.left.set()
            return False
        finally:
            self.open -= 1


@asynccontextmanager
async def openai_peer(replies: Replies) -> AsyncIterator[Peer]:
    """A running peer; its `url` ends in /v1."""
    peer = Peer(replies)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield peer
    finally:
        server.close()


def error(status: int, message: str, **more: Any) -> Said:
    """An error as OpenAI writes it; `code`, `type` and `param` beside the message, other names become headers."""
    body = {name: more.pop(name, None) for name in ("code", "type", "param")}
    headers = {"x-request-id": "r-err", **{name.replace("_", "-"): str(value) for name, value in more.items()}}
    return Said(status=status, headers=headers, parts=[json.dumps({"error": {"message": message, **body}}).encode()])


def plain(status: int, body: object, content_type: str = "application/json") -> Said:
    """A reply with any body."""
    text = body if isinstance(body, str) else json.dumps(body)
    return Said(status=status, headers={"Content-Type": content_type}, parts=[text.encode()])


def answered(text: str | None, finish: str = "stop", **message: Any) -> Said:
    """A whole Chat Completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": USAGE}
    return Said(headers={"x-request-id": "r-1"}, parts=[json.dumps(body).encode()])


def chunk(delta: Mapping[str, Any] | None = None, *, finish: str | None = None, usage: object = None) -> bytes:
    """One event of a stream; without a delta and a finish it has no choices, as the one with the usage."""
    choices = [] if delta is None and finish is None else [{"index": 0, "delta": delta or {}, "finish_reason": finish}]
    body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m", "choices": choices, "usage": usage}
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


def streamed(*texts: str, first: float = 0.0, gap: float = 0.0, finish: str = "stop", usage: bool = True) -> Said:
    """A whole stream, an event for each text, after pauses."""
    parts: list[bytes | float] = [chunk({"role": "assistant", "content": ""}), first]
    for text in texts:
        parts += [chunk({"content": text}), gap]
    parts += [chunk(finish=finish), *([chunk(usage=USAGE)] if usage else []), DONE]
    return Said(headers=SSE, parts=parts)


def broken(*parts: bytes, end: str = "well") -> Said:
    """A stream that begins well and is nothing but `parts` from then on."""
    return Said(headers=SSE, parts=[chunk({"role": "assistant", "content": ""}), *parts], end=end)


def sample_of(body: Body) -> str:
    """The number in what a body asks."""
    return str(re.findall(r"\d+", body["messages"][-1]["content"])[-1])
