"""conversations.*: look at conversations and their messages, open direct messages."""

import math
from collections.abc import Mapping
from typing import Final

from bot.workspace.people import BOT_USER, Channel
from bot.workspace.web_api.context import Args, Context, Method, needed, page, yes
from bot.workspace.wire import ApiError, Json

_TYPES: Final = {"channel": "public_channel", "group": "private_channel", "im": "im", "mpim": "mpim"}


def info(context: Context, args: Args) -> Json:
    return {"channel": context.state.visible(needed(args, "channel", "channel_not_found")).wire()}


def list_(context: Context, args: Args) -> Json:
    wanted = str(args.get("types") or "public_channel").replace(" ", "").split(",")
    if not set(wanted) <= set(_TYPES.values()):
        raise ApiError("invalid_types")
    found = [
        channel.wire()
        for channel in context.state.channels.values()
        if _TYPES[channel.kind] in wanted
        and (channel.kind == "channel" or BOT_USER in channel.members)
        and not (channel.is_archived and yes(args, "exclude_archived"))
    ]
    items, metadata = page(found, args, 100)
    return {"channels": items, "response_metadata": metadata}


def members(context: Context, args: Args) -> Json:
    channel = context.state.visible(needed(args, "channel", "channel_not_found"))
    items, metadata = page([{"id": member} for member in channel.members], args, 100)
    return {"members": [item["id"] for item in items], "response_metadata": metadata}


def open_(context: Context, args: Args) -> Json:
    if args.get("channel"):
        channel = context.state.visible(str(args["channel"]))
        if not channel.is_im and not channel.is_mpim:
            raise ApiError("method_not_supported_for_channel_type")
    else:
        users = needed(args, "users", "users_list_not_supplied").replace(" ", "").split(",")
        channel = context.state.direct(users)
    return {"channel": channel.wire() if yes(args, "return_im") else {"id": channel.id}}


def join(context: Context, args: Args) -> Json:
    channel = context.state.visible(needed(args, "channel", "channel_not_found"))
    if channel.is_archived:
        raise ApiError("is_archived")
    if channel.kind != "channel":
        raise ApiError("method_not_supported_for_channel_type")
    if BOT_USER not in channel.members:
        channel.members.append(BOT_USER)
        context.state.changes.tell("channel", channel=channel.id)
    return {"channel": channel.wire()}


def history(context: Context, args: Args) -> Json:
    channel = _readable(context, args)
    top = [message for message in _seen(channel) if message.get("thread_ts", message["ts"]) == message["ts"]]
    items, metadata = page(_within(top, args)[::-1], args, 100)
    return _messages(context, args, items, metadata)


def replies(context: Context, args: Args) -> Json:
    channel = _readable(context, args)
    ts = needed(args, "ts", "thread_not_found")
    asked = channel.messages.get(ts)
    if asked is None or "ephemeral_for" in asked:
        raise ApiError("thread_not_found")
    root = asked.get("thread_ts", ts)
    thread = [message for message in _seen(channel) if root in (message["ts"], message.get("thread_ts"))]
    answers = _within([message for message in thread if message["ts"] != root], args)
    items, metadata = page([*(message for message in thread if message["ts"] == root), *answers], args, 1_000)
    return _messages(context, args, items, metadata)


def _readable(context: Context, args: Args) -> Channel:
    channel = context.state.visible(needed(args, "channel", "channel_not_found"))
    if BOT_USER not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _seen(channel: Channel) -> list[Json]:
    return [message for message in channel.messages.values() if "ephemeral_for" not in message]


def _within(messages: list[Json], args: Args) -> list[Json]:
    """Those between `oldest` and `latest`; the ends count only when `inclusive`."""
    low, high, ends = _ts(args, "oldest", 0.0), _ts(args, "latest", math.inf), yes(args, "inclusive")
    return [m for m in messages if low < float(m["ts"]) < high or (ends and float(m["ts"]) in (low, high))]


def _ts(args: Args, name: str, default: float) -> float:
    try:
        return float(args.get(name) or default)
    except ValueError:
        raise ApiError(f"invalid_ts_{name}") from None


def _messages(context: Context, args: Args, items: list[Json], metadata: Json) -> Json:
    shown = [context.state.wire(message) for message in items]
    if not yes(args, "include_all_metadata"):
        shown = [{key: value for key, value in message.items() if key != "metadata"} for message in shown]
    return {"messages": shown, "has_more": bool(metadata["next_cursor"]), "response_metadata": metadata}


METHODS: Final[Mapping[str, Method]] = {
    "conversations.info": info,
    "conversations.list": list_,
    "conversations.members": members,
    "conversations.open": open_,
    "conversations.join": join,
    "conversations.history": history,
    "conversations.replies": replies,
}
