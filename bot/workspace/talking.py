"""What a person writes and uploads: Slack's client turns typed text into its wire form, and the app hears of it as events."""

import re
from collections.abc import Sequence
from typing import Final

from bot.blocks.escape import escape
from bot.workspace.events import Events
from bot.workspace.files import StoredFile
from bot.workspace.people import Channel, User
from bot.workspace.state import State
from bot.workspace.wire import ApiError, Json

_ADDRESS: Final = re.compile(r"https?://[^\s<>|]+")


class Talking:
    """A person's messages."""

    def __init__(self, state: State, events: Events) -> None:
        self._state, self._events = state, events

    def say(self, user: User, channel: Channel, text: str, thread_ts: str | None, files: Sequence[StoredFile] = ()) -> Json:
        """Posts as `user`; files make it a `file_share` message and a file_shared event each."""
        if channel.is_archived:
            raise ApiError("is_archived")
        if user.id not in channel.members:
            raise ApiError("not_in_channel")
        if not text.strip() and not files:
            raise ApiError("no_text")
        message: Json = {"type": "message", "user": user.id, "team": user.team, "text": self._typed(text), "ts": self._state.ts()}
        if thread_ts:
            parent = self._state.message(channel, thread_ts, user=user.id)
            message["thread_ts"] = parent.get("thread_ts", parent["ts"])
        for file in files:
            file.channels[channel.id] = message["ts"]
        if files:
            message |= {"subtype": "file_share", "upload": False, "files": [self._state.files.wire(file) for file in files]}
        self._state.put(channel, message)
        self._events.posted(channel, message)
        for file in files:
            self._events.file_shared(channel, file.id, user.id)
        return message

    def open_home(self, user: User, view: Json | None) -> None:
        """The person looks at the app's Home tab."""
        self._events.home_opened(user.id, self._state.direct([user.id]), view)

    def _typed(self, text: str) -> str:
        """Escapes, and turns `@Name`, `#channel` and addresses into Slack's control sequences."""
        wire = _ADDRESS.sub(lambda found: f"<{found.group()}>", escape(text))
        for user in sorted(self._state.users.values(), key=lambda each: -len(each.name)):
            wire = re.sub(rf"@{re.escape(user.name)}\b", f"<@{user.id}>", wire, flags=re.IGNORECASE)
        for channel in self._state.channels.values():
            if channel.name:
                wire = re.sub(rf"#{re.escape(channel.name)}\b", f"<#{channel.id}|{channel.name}>", wire)
        return wire
