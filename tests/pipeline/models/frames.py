"""Amazon's event stream frames, written and read: https://smithy.io/2.0/aws/amazon-eventstream.html.

A frame is total length, length of headers, CRC of both, headers, payload, CRC of all; numbers are big endian, 4 bytes.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

STRING = 7


def event(name: str, payload: Mapping[str, Any]) -> bytes:
    """A frame of an event such as `contentBlockDelta`."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, json.dumps(payload).encode())


def exception(name: str, payload: Mapping[str, Any]) -> bytes:
    """A frame of an exception such as `throttlingException`."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, json.dumps(payload).encode())


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def events(stream: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and payload of every event in `stream`; used as a second opinion on what botocore decodes."""
    at = 0
    while at < len(stream):
        total, length = struct.unpack(">II", stream[at : at + 8])
        headers = _headers(stream[at + 12 : at + 12 + length])
        yield headers.get(":event-type", ""), json.loads(stream[at + 12 + length : at + total - 4])
        at += total


def _header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + bytes([STRING]) + struct.pack(">H", len(value)) + value.encode()


def _headers(block: bytes) -> dict[str, str]:
    found, at = {}, 0
    while at < len(block):
        size = block[at]
        name = block[at + 1 : at + 1 + size].decode()
        at += 2 + size
        (length,) = struct.unpack(">H", block[at : at + 2])
        found[name] = block[at + 2 : at + 2 + length].decode()
        at += 2 + length
    return found
