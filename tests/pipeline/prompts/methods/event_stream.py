"""A small Bedrock: answers OptimizePrompt with real event-stream frames, in the ways a test asks for.

Frame: total length, header length, CRC-32 of both; headers (name, type 7, value); payload; CRC-32 of all that. Big-endian.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
"""

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

STRING = 7


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    head = b"".join(
        struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", STRING, len(value.encode())) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack(">I", zlib.crc32(message))


def event(name: str, body: object) -> bytes:
    headers = {":message-type": "event", ":event-type": name, ":content-type": "application/json"}
    return frame(headers, json.dumps(body).encode())


def exception(name: str, message: str) -> bytes:
    headers = {":message-type": "exception", ":exception-type": name, ":content-type": "application/json"}
    return frame(headers, json.dumps({"message": message}).encode())


def analysed(text: str) -> bytes:
    return event("analyzePromptEvent", {"message": text})


def optimised(text: str) -> bytes:
    return event("optimizedPromptEvent", {"optimizedPrompt": {"textPrompt": {"text": text}}})


@dataclass(slots=True)
class Reply:
    """What the server answers: frames under a status, or an error; `abort` cuts the connection after the body."""

    body: bytes = b""
    status: int = 200
    error: str | None = None
    abort: bool = False


@dataclass(slots=True)
class Server:
    """Keeps what it was asked; `reply(text)` makes the answer."""

    reply: Callable[[str], Reply]
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        reply = self.reply(body["input"]["textPrompt"]["text"])
        if reply.error:
            return web.json_response(
                {"message": reply.body.decode()}, status=reply.status, headers={"x-amzn-errortype": reply.error}
            )
        response = web.StreamResponse(headers={"Content-Type": "application/vnd.amazon.eventstream"})
        await response.prepare(request)
        await response.write(reply.body)
        if reply.abort and request.transport:
            request.transport.abort()
        return response
