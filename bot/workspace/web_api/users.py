"""users.info and users.list."""

from collections.abc import Mapping
from typing import Final

from bot.workspace.web_api.context import Args, Context, Method, needed, page
from bot.workspace.wire import Json


def info(context: Context, args: Args) -> Json:
    return {"user": context.state.user(needed(args, "user", "user_not_found")).wire()}


def list_(context: Context, args: Args) -> Json:
    items, metadata = page([user.wire() for user in context.state.users.values()], args, 1_000)
    return {"members": items, "cache_ts": int(context.state.clock()), "response_metadata": metadata}


METHODS: Final[Mapping[str, Method]] = {"users.info": info, "users.list": list_}
