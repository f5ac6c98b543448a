"""pins.* and reactions.*: marks on messages."""

from collections.abc import Mapping
from typing import Final

from bot.workspace.people import BOT_USER, Channel
from bot.workspace.web_api.context import Args, Context, Method, needed
from bot.workspace.wire import ApiError, Json


def pin(context: Context, args: Args) -> Json:
    channel, message = _message(context, args)
    if message["ts"] in channel.pins:
        raise ApiError("already_pinned")
    channel.pins.append(message["ts"])
    message["pinned_to"] = [channel.id]
    context.state.tell(channel, message)
    return {}


def unpin(context: Context, args: Args) -> Json:
    channel, message = _message(context, args)
    if message["ts"] not in channel.pins:
        raise ApiError("no_pin")
    channel.pins.remove(message["ts"])
    message.pop("pinned_to", None)
    context.state.tell(channel, message)
    return {}


def pins(context: Context, args: Args) -> Json:
    channel = context.state.visible(needed(args, "channel", "channel_not_found"))
    found = [channel.messages[ts] for ts in channel.pins]
    return {"items": [{"type": "message", "channel": channel.id, "message": context.state.wire(message)} for message in found]}


def react(context: Context, args: Args) -> Json:
    name = needed(args, "name", "invalid_name").strip(":")
    channel, message = _message(context, args)
    reactions = message.setdefault("reactions", [])
    mine = [each for each in reactions if each["name"] == name]
    if mine and BOT_USER in mine[0]["users"]:
        raise ApiError("already_reacted")
    if mine:
        mine[0]["users"].append(BOT_USER)
        mine[0]["count"] += 1
    else:
        reactions.append({"name": name, "users": [BOT_USER], "count": 1})
    context.state.tell(channel, message)
    return {}


def unreact(context: Context, args: Args) -> Json:
    name = needed(args, "name", "invalid_name").strip(":")
    channel, message = _message(context, args)
    mine = [each for each in message.get("reactions", []) if each["name"] == name and BOT_USER in each["users"]]
    if not mine:
        raise ApiError("no_reaction")
    mine[0]["users"].remove(BOT_USER)
    mine[0]["count"] -= 1
    message["reactions"] = [each for each in message["reactions"] if each["count"]]
    context.state.tell(channel, message)
    return {}


def _message(context: Context, args: Args) -> tuple[Channel, Json]:
    channel = context.state.writable(needed(args, "channel", "channel_not_found"))
    return channel, context.state.message(channel, needed(args, "timestamp", "message_not_found"))


METHODS: Final[Mapping[str, Method]] = {
    "pins.add": pin,
    "pins.remove": unpin,
    "pins.list": pins,
    "reactions.add": react,
    "reactions.remove": unreact,
}
