"""What the local workspace holds, and the look-ups that answer as Slack does when something is not there.

Everything runs in one event loop and no method here awaits, so each call is atomic.
"""

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bot.blocks import limits
from bot.workspace import people
from bot.workspace.changes import Changes
from bot.workspace.files import Files
from bot.workspace.people import BOT_USER, TEAM, Channel, User
from bot.workspace.views import Views
from bot.workspace.wire import ApiError, Json


@dataclass(slots=True, kw_only=True)
class Trigger:
    """The right of the app to open one modal for `user`, for three seconds."""

    user: str
    expires: float
    used: bool = False


@dataclass(slots=True, kw_only=True)
class ReplyAddress:
    """What stands behind a response_url: the conversation, the user and, after a click, the message it came from."""

    user: str
    channel: str
    expires: float
    message_ts: str | None = None
    uses: int = limits.RESPONSE_URL_USES


@dataclass(kw_only=True)
class State:
    """Users, conversations with their messages, views, files and the short-lived rights given to the app."""

    files: Files
    clock: Callable[[], float] = time.time
    changes: Changes = field(default_factory=Changes)
    users: dict[str, User] = field(default_factory=lambda: {user.id: user for user in people.users()})
    channels: dict[str, Channel] = field(default_factory=lambda: {channel.id: channel for channel in people.channels()})
    views: Views = field(default_factory=Views)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    replies: dict[str, ReplyAddress] = field(default_factory=dict)
    inputs: dict[tuple[str, str, str], dict[str, Json]] = field(default_factory=dict)
    _last: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def ts(self) -> str:
        """A message timestamp: microseconds of the clock, never twice."""
        self._last = max(self._last + 1, int(self.clock() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def id(self, letter: str) -> str:
        return f"{letter}0{next(self._numbers):09d}"

    def trigger(self, user: str) -> str:
        trigger_id = f"{next(self._numbers)}.{secrets.token_hex(8)}"
        self.triggers[trigger_id] = Trigger(user=user, expires=self.clock() + limits.TRIGGER_SECONDS)
        return trigger_id

    def use_trigger(self, trigger_id: str) -> str:
        """The user a trigger belongs to; a trigger works once and for three seconds (views.open)."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self.clock() > trigger.expires:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def reply_address(self, user: str, channel: str, message_ts: str | None = None) -> str:
        """The secret part of a new response_url."""
        token = secrets.token_urlsafe(18)
        expires = self.clock() + limits.RESPONSE_URL_SECONDS
        self.replies[token] = ReplyAddress(user=user, channel=channel, expires=expires, message_ts=message_ts)
        return token

    def user(self, user_id: str) -> User:
        if user_id not in self.users:
            raise ApiError("user_not_found")
        return self.users[user_id]

    def channel(self, channel_id: str) -> Channel:
        """A conversation by id, by `#name`, or the direct message with a user id."""
        if channel_id in self.channels:
            return self.channels[channel_id]
        if channel_id in self.users:
            return self.direct([channel_id])
        named = [each for each in self.channels.values() if channel_id.startswith("#") and f"#{each.name}" == channel_id]
        if not named:
            raise ApiError("channel_not_found")
        return named[0]

    def visible(self, channel_id: str) -> Channel:
        """A conversation as the bot sees it: a private one without the bot does not exist for it."""
        channel = self.channel(channel_id)
        if channel.kind != "channel" and BOT_USER not in channel.members:
            raise ApiError("channel_not_found")
        return channel

    def writable(self, channel_id: str) -> Channel:
        channel = self.visible(channel_id)
        if channel.is_archived:
            raise ApiError("is_archived")
        if BOT_USER not in channel.members:
            raise ApiError("not_in_channel")
        return channel

    def direct(self, user_ids: list[str]) -> Channel:
        """The conversation of the bot with these users, opened when it is not there yet."""
        members = sorted({self.user(user_id).id for user_id in user_ids} | {BOT_USER})
        for channel in self.channels.values():
            if (channel.is_im or channel.is_mpim) and sorted(channel.members) == members:
                return channel
        if len(members) < 2:
            raise ApiError("cannot_dm_bot")
        single = len(members) == 2
        name = "" if single else "mpdm-" + "--".join(self.users[member].handle for member in members)
        channel_id = "D0" + members[0 if members[1] == BOT_USER else 1][1:] if single else self.id("G")
        channel = Channel(id=channel_id, name=name, members=members, is_im=single, is_mpim=not single, created=int(self.clock()))
        self.channels[channel.id] = channel
        self.changes.tell("channel", channel=channel.id)
        return channel

    def add_user(self, user: User, *, into: tuple[str, ...] = (people.GENERAL,)) -> User:
        self.users[user.id] = user
        for channel_id in into:
            self.channels[channel_id].members.append(user.id)
        self.changes.tell("users")
        return user

    def message(self, channel: Channel, ts: str, *, user: str = BOT_USER) -> Json:
        """A message that `user` can see; ephemerals exist only for their reader, and never for the Web API."""
        message = channel.messages.get(ts)
        if message is None or (message.get("ephemeral_for") not in (None, user)):
            raise ApiError("message_not_found")
        return message

    def put(self, channel: Channel, message: Json) -> Json:
        """Stores a new message and keeps its thread's parent up to date."""
        channel.messages[message["ts"]] = message
        parent = channel.messages.get(message.get("thread_ts", ""))
        if parent is not None and parent is not message and "ephemeral_for" not in message:
            repliers = parent.setdefault("reply_users", [])
            if message["user"] not in repliers:
                repliers.append(message["user"])
            parent["thread_ts"] = parent["ts"]
            parent["reply_count"] = parent.get("reply_count", 0) + 1
            parent["reply_users_count"] = len(repliers)
            parent["latest_reply"] = message["ts"]
        self.tell(channel, message)
        return message

    def remove(self, channel: Channel, ts: str) -> Json:
        """Deletes a message; a parent with replies stays behind as a tombstone, as in Slack."""
        message = channel.messages.pop(ts)
        if message.get("reply_count"):
            kept = {
                key: message[key]
                for key in ("ts", "thread_ts", "reply_count", "reply_users", "reply_users_count", "latest_reply")
            }
            text = "This message was deleted."
            channel.messages[ts] = {
                **kept,
                "type": "message",
                "subtype": "tombstone",
                "user": "USLACKBOT",
                "text": text,
                "hidden": True,
            }
            channel.messages = dict(sorted(channel.messages.items()))
        channel.pins = [pin for pin in channel.pins if pin != ts]
        self.changes.tell("message_deleted", channel=channel.id, ts=ts)
        return message

    def tell(self, channel: Channel, message: Json) -> None:
        """Tells the page that a message is new or was changed."""
        self.changes.tell("message", user=message.get("ephemeral_for"), channel=channel.id, ts=message["ts"], message=message)

    def wire(self, message: Json) -> Json:
        """A message as the Web API and events show it."""
        return {key: value for key, value in message.items() if key != "ephemeral_for"}


def team() -> Json:
    return {"id": TEAM, "name": people.TEAM_NAME, "domain": people.TEAM_DOMAIN, "email_domain": "", "icon": {}}


async def sleep_until_changed(state: State, revision: int, seconds: float) -> int:
    """Waits until something changed after `revision`, at most `seconds`; returns the revision now."""
    try:
        async with asyncio.timeout(seconds):
            return await state.changes.after(revision)
    except TimeoutError:
        return state.changes.revision
