"""chat.*: post, change and delete messages of the app."""

from collections.abc import Mapping
from typing import Final

from bot.workspace.people import BOT_USER
from bot.workspace.web_api.context import Args, Context, Method, needed
from bot.workspace.wire import ApiError, Json


def post_message(context: Context, args: Args) -> Json:
    channel = context.state.writable(needed(args, "channel", "channel_not_found"))
    message = context.posting.post(channel, args)
    return {"channel": channel.id, "ts": message["ts"], "message": context.state.wire(message)}


def post_ephemeral(context: Context, args: Args) -> Json:
    channel = context.state.writable(needed(args, "channel", "channel_not_found"))
    user = context.state.user(needed(args, "user", "user_not_found"))
    if user.id not in channel.members:
        raise ApiError("user_not_in_channel")
    message = context.posting.ephemeral(channel, user.id, args)
    return {"channel": channel.id, "message_ts": message["ts"]}


def update(context: Context, args: Args) -> Json:
    channel = context.state.writable(needed(args, "channel", "channel_not_found"))
    message = context.state.message(channel, needed(args, "ts", "message_not_found"))
    if message["user"] != BOT_USER or "ephemeral_for" in message:
        raise ApiError("cant_update_message")
    message = context.posting.change(channel, message, args)
    return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": context.state.wire(message)}


def delete(context: Context, args: Args) -> Json:
    channel = context.state.writable(needed(args, "channel", "channel_not_found"))
    message = context.state.message(channel, needed(args, "ts", "message_not_found"))
    if message["user"] != BOT_USER:
        raise ApiError("cant_delete_message")
    context.posting.delete(channel, message["ts"])
    return {"channel": channel.id, "ts": message["ts"]}


def get_permalink(context: Context, args: Args) -> Json:
    channel = context.state.visible(needed(args, "channel", "channel_not_found"))
    message = context.state.message(channel, needed(args, "message_ts", "message_not_found"))
    link = f"{context.base}/archives/{channel.id}/p{message['ts'].replace('.', '')}"
    if message.get("thread_ts") not in (None, message["ts"]):
        link += f"?thread_ts={message['thread_ts']}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


METHODS: Final[Mapping[str, Method]] = {
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.getPermalink": get_permalink,
}
