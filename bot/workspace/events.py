"""The Events API payloads of what happens in the workspace (docs.slack.dev/reference/events)."""

import itertools
from typing import Final

from bot.workspace.delivery import Delivery
from bot.workspace.people import APP, BOT_USER, TEAM, Channel
from bot.workspace.state import State
from bot.workspace.wire import Json

# What the app is subscribed to: its manifest's bot events.
SUBSCRIBED: Final = frozenset(
    {"app_mention", "app_home_opened", "file_shared", "message.channels", "message.groups", "message.im", "message.mpim"}
)
_FAMILIES: Final = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}


class Events:
    """Builds events and hands them to the delivery, as far as the app is subscribed and a member of the conversation."""

    def __init__(self, state: State, delivery: Delivery, subscribed: frozenset[str] = SUBSCRIBED) -> None:
        self._state, self._delivery, self.subscribed = state, delivery, subscribed
        self._numbers = itertools.count(1)

    def posted(self, channel: Channel, message: Json) -> None:
        """A new message: the message event and, where the app is mentioned, app_mention as well."""
        if "ephemeral_for" in message:
            return
        event = {**message, "channel": channel.id, "event_ts": message["ts"], "channel_type": channel.kind}
        self._message(channel, event)
        mentioned = f"<@{BOT_USER}>" in str(message.get("text", "")) and not channel.is_im
        if mentioned and message["user"] != BOT_USER and BOT_USER in channel.members:
            kept = {key: value for key, value in event.items() if key not in ("channel_type", "subtype")}
            self._publish("app_mention", {**kept, "type": "app_mention"}, message["user"])

    def changed(self, channel: Channel, message: Json, before: Json) -> None:
        self._about(channel, "message_changed", message=message, previous_message=before)

    def deleted(self, channel: Channel, message: Json) -> None:
        self._about(channel, "message_deleted", previous_message=message, deleted_ts=message["ts"])

    def file_shared(self, channel: Channel, file_id: str, user: str) -> None:
        event = {"type": "file_shared", "file_id": file_id, "user_id": user, "file": {"id": file_id}, "channel_id": channel.id}
        if BOT_USER in channel.members:
            self._publish("file_shared", {**event, "event_ts": self._state.ts()}, user)

    def home_opened(self, user: str, channel: Channel, view: Json | None) -> None:
        event: Json = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": "home"}
        shown = {"view": view} if view else {}
        self._publish("app_home_opened", {**event, "event_ts": self._state.ts(), **shown}, user)

    def _about(self, channel: Channel, subtype: str, **more: object) -> None:
        ts = self._state.ts()
        event: Json = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel.id, "ts": ts, "event_ts": ts}
        self._message(channel, {**event, "channel_type": channel.kind, **more})

    def _message(self, channel: Channel, event: Json) -> None:
        if BOT_USER in channel.members:
            self._publish(_FAMILIES[channel.kind], event, event.get("user"))

    def _publish(self, family: str, event: Json, user: str | None) -> None:
        if family in self.subscribed:
            self._delivery.publish(self._callback(event, user))

    def _callback(self, event: Json, user: str | None) -> Json:
        number = next(self._numbers)
        team = self._state.users[user].team if user in self._state.users else TEAM
        return {
            "token": "local",
            "team_id": team,
            "context_team_id": TEAM,
            "context_enterprise_id": None,
            "api_app_id": APP,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev0{number:09d}",
            "event_time": int(float(event["event_ts"])),
            "authorizations": [
                {"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}
            ],
            "is_ext_shared_channel": team != TEAM,
            "event_context": f"4-local-{number}",
        }
