"""The workspace as one person sees it, for the page and for tests."""

from bot.workspace import inputs
from bot.workspace.people import BOT_USER, Channel, User
from bot.workspace.state import State, team
from bot.workspace.views import Shown
from bot.workspace.wire import Json


def snapshot(state: State, user: User) -> Json:
    """The JSON of `GET /workspace/state`; its shape is in the docstring of page_api.py."""
    stack = state.views.stacks.get(user.id, [])
    home = state.views.homes.get(user.id)
    return {
        "revision": state.changes.revision,
        "team": team(),
        "me": user.id,
        "bot": BOT_USER,
        "users": [each.wire() for each in state.users.values()],
        "channels": [_channel(channel, user) for channel in state.channels.values() if _visible(channel, user)],
        "modal": _view(stack[-1], len(stack)) if stack else None,
        "home": _view(home, 1) if home else None,
    }


def _visible(channel: Channel, user: User) -> bool:
    return user.id in channel.members or channel.kind == "channel"


def _channel(channel: Channel, user: User) -> Json:
    messages = [m for m in channel.messages.values() if m.get("ephemeral_for") in (None, user.id)]
    return {
        "id": channel.id,
        "name": channel.name or "Ferry",
        "kind": channel.kind,
        "is_archived": channel.is_archived,
        "is_member": user.id in channel.members,
        "has_bot": BOT_USER in channel.members,
        "members": channel.members,
        "pins": channel.pins,
        "messages": [_message(message) for message in messages],
    }


def _message(message: Json) -> Json:
    shown = {key: value for key, value in message.items() if key != "ephemeral_for"}
    return {**shown, "is_ephemeral": "ephemeral_for" in message}


def _view(shown: Shown, depth: int) -> Json:
    values = inputs.values(shown.wire, shown.values)
    return {**shown.wire, "state": {"values": values}, "errors": shown.errors, "depth": depth}
