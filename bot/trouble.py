"""What Slack's refusals mean for a message that has to arrive all the same."""

import json
from dataclasses import dataclass
from enum import Enum, auto

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

SLACK_FAILURES = (SlackClientError, ClientError, TimeoutError, json.JSONDecodeError)
"""Everything a call of the Web API raises when it did not work out."""


class Kind(Enum):
    """What to do: wait, look whether it arrived, post anew, say it simpler, ask a person, ask the operator."""

    SLOW = auto()
    UNKNOWN = auto()
    GONE = auto()
    TOO_RICH = auto()
    UNREACHABLE = auto()
    REFUSED = auto()


KINDS = {
    **dict.fromkeys(("ratelimited", "rate_limited", "message_limit_exceeded"), Kind.SLOW),
    **dict.fromkeys(("message_not_found", "cant_update_message", "edit_window_closed"), Kind.GONE),
    **dict.fromkeys(("invalid_blocks", "invalid_blocks_format", "msg_too_long", "invalid_attachments"), Kind.TOO_RICH),
    **dict.fromkeys(("is_archived", "not_in_channel", "channel_not_found", "restricted_action"), Kind.UNREACHABLE),
    **dict.fromkeys(
        ("user_disabled", "user_not_found", "users_not_found", "cannot_dm_bot", "user_not_visible"), Kind.UNREACHABLE
    ),
    **dict.fromkeys(("internal_error", "fatal_error", "service_unavailable", "request_timeout"), Kind.UNKNOWN),
}

WAYS_OUT = {
    "is_archived": "the channel is archived. Unarchive it",
    "not_in_channel": "Ferry is not in the channel. Invite it there with `/invite @Ferry`",
    "channel_not_found": "Ferry cannot see the channel. Invite it there with `/invite @Ferry`",
    "restricted_action": "the channel's settings do not let Ferry post. Ask a channel manager to allow it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """`code` is Slack's word; `seconds` how long Slack asks to wait."""

    kind: Kind
    code: str
    seconds: float = 0.0


def trouble_of(error: Exception) -> Trouble:
    """What an error of the Web API means. A lost connection or a 5xx leaves open whether the call had its effect."""
    if not isinstance(error, SlackApiError):
        return Trouble(kind=Kind.UNKNOWN, code=type(error).__name__)
    status, code = getattr(error.response, "status_code", 200), code_of(error)
    if status == 429:
        return Trouble(kind=Kind.SLOW, code="ratelimited", seconds=_retry_after(error.response.headers))
    if status >= 500:
        return Trouble(kind=Kind.UNKNOWN, code=f"http_{status}")
    return Trouble(kind=KINDS.get(code, Kind.REFUSED), code=code)


def code_of(error: SlackApiError) -> str:
    """Slack's word for what is wrong; a gateway's page instead of JSON has none."""
    data = getattr(error.response, "data", error.response)
    return str(data.get("error", "unknown")) if isinstance(data, dict) else "unknown"


def _retry_after(headers: dict[str, str]) -> float:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "1")
    return float(value) if value.isdecimal() else 1.0
