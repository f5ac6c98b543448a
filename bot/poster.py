"""Our messages as calls of Slack's Web API. Every post carries its key, so that it can be found again after a crash."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards.kit import Card
from bot.fit import Payload
from bot.trouble import code_of
from db.keys import lane_of
from db.records import Message

EVENT = "ferry_message"
PAGE = 100
PAGES = 5
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Poster:
    """Posts, edits, finds and pins. Never repeats a call by itself; the outbox decides what to do about an error.

    `files` says where a report's file of that name is.
    """

    client: AsyncWebClient
    files: Callable[[str], Awaitable[Path]]
    conversations: dict[str, str] = field(default_factory=dict)

    async def place(self, message: Message) -> str:
        """The conversation a message belongs to; a person's direct messages are opened the first time."""
        if lane_of(message.channel, message.place) == message.channel:
            return message.channel
        if message.place not in self.conversations:
            opened = await self.client.conversations_open(users=message.place)
            self.conversations[message.place] = opened["channel"]["id"]
        return self.conversations[message.place]

    async def post(self, message: Message, payload: Payload, thread_ts: str | None) -> str:
        """The ts of the new message."""
        posted = await self.client.chat_postMessage(
            channel=await self.place(message),
            thread_ts=thread_ts,
            metadata={"event_type": EVENT, "event_payload": {"key": message.key}},
            unfurl_links=False,
            unfurl_media=False,
            **payload,
        )
        return str(posted["ts"])

    async def edit(self, message: Message, ts: str, payload: Payload) -> None:
        metadata = {"event_type": EVENT, "event_payload": {"key": message.key}}
        await self.client.chat_update(channel=await self.place(message), ts=ts, metadata=metadata, **payload)

    async def find(self, message: Message, thread_ts: str | None) -> str | None:
        """The ts of the message that carries our key already, newest pages first; None when it never arrived."""
        async for posted in self._posted(await self.place(message), thread_ts):
            if _key(posted) == message.key or any(_marked(f, message.key) for f in posted.get("files") or ()):
                return str(posted["ts"])
        return None

    async def _posted(self, channel: str, thread_ts: str | None) -> AsyncIterator[Mapping[str, Any]]:
        cursor: str | None = None
        for _ in range(PAGES):
            asked: dict[str, Any] = {"channel": channel, "include_all_metadata": True, "limit": PAGE, "cursor": cursor}
            if thread_ts:
                page = await self.client.conversations_replies(ts=thread_ts, **asked)
            else:
                page = await self.client.conversations_history(**asked)
            for posted in page["messages"]:
                yield posted
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if not cursor:
                return

    async def upload(self, message: Message, card: Card, thread_ts: str | None) -> str:
        """Upload the card's files as one message; returns its ts, or the first file's id where Slack does not show it yet.

        Of files.getUploadURLExternal, the bytes and files.completeUploadExternal (once for all) only the last shows anything, so
        a crash before it leaves nothing behind.
        """
        uploaded: list[dict[str, str | None]] = [
            {"id": await self._bytes(name), "title": titled(Path(name).name, message.key)} for name in card.files
        ]
        await self.client.files_completeUploadExternal(
            files=uploaded, channel_id=await self.place(message), thread_ts=thread_ts, initial_comment=card.text
        )
        return await self.find(message, thread_ts) or str(uploaded[0]["id"])

    async def _bytes(self, name: str) -> str:
        path = await self.files(name)
        content = await asyncio.to_thread(path.read_bytes)
        given = await self.client.files_getUploadURLExternal(filename=path.name, length=len(content))
        timeout = aiohttp.ClientTimeout(total=120)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(given["upload_url"], data=BytesIO(content)) as answer,
        ):
            answer.raise_for_status()
        return str(given["file_id"])

    async def pin(self, message: Message, ts: str) -> None:
        """Pin the status card; being pinned already, or not being allowed to pin, keeps nobody from anything."""
        try:
            await self.client.pins_add(channel=await self.place(message), timestamp=ts)
        except SlackApiError as error:
            log.info("not_pinned", error=code_of(error))


def titled(name: str, key: str) -> str:
    """A file's title with the key of its message, by which it is found again."""
    return f"{name} [{key}]"


def _marked(file: Mapping[str, Any], key: str) -> bool:
    return str(file.get("title", "")).endswith(f"[{key}]")


def _key(posted: Mapping[str, Any]) -> str | None:
    metadata = posted.get("metadata") or {}
    return (metadata.get("event_payload") or {}).get("key") if metadata.get("event_type") == EVENT else None
