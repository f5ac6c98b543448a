"""What a method of the Web API is: a function of the workspace and its arguments that returns the answer without `ok`."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.workspace.posting import Posting
from bot.workspace.sockets import Sockets
from bot.workspace.state import State
from bot.workspace.wire import ApiError, Json, refused

Args: TypeAlias = Mapping[str, Any]


@dataclass(slots=True)
class Context:
    """What methods work on; `base` is the workspace's address without a slash at its end."""

    state: State
    posting: Posting
    sockets: Sockets
    base: str


Method: TypeAlias = Callable[[Context, Args], Json]


def needed(args: Args, name: str, code: str = "invalid_arguments") -> str:
    """An argument that has to be there."""
    value = args.get(name)
    if value in (None, ""):
        raise refused(code, f"[ERROR] missing required field: {name}")
    return str(value)


def yes(args: Args, name: str, default: bool = False) -> bool:
    value = args.get(name, default)
    return value not in (False, 0, "0", "false", "False", "", None)


def page(items: Sequence[Json], args: Args, default: int) -> tuple[list[Json], Json]:
    """One page of a list and the `response_metadata` with the cursor of the next (docs.slack.dev/apis/web-api/pagination)."""
    limit = str(args.get("limit") or default)
    if not limit.isdecimal() or int(limit) < 1:
        raise ApiError("invalid_limit")
    size = min(int(limit), 1_000)
    start = _start(str(args.get("cursor") or ""))
    more = start + size < len(items)
    cursor = base64.b64encode(f"at:{start + size}".encode()).decode() if more else ""
    return list(items[start : start + size]), {"next_cursor": cursor}


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("at:"))
    except (ValueError, binascii.Error):
        raise ApiError("invalid_cursor") from None
