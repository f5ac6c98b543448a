"""What everything in the local workspace shares: the JSON that goes over Slack's wire, and the refusals of its Web API."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


class ApiError(Exception):
    """A refusal as Slack's Web API answers it: `{"ok": false, "error": code, ...}`."""

    def __init__(self, code: str, **more: object) -> None:
        super().__init__(code)
        self.code = code
        self.more: Mapping[str, object] = more

    def answer(self) -> Json:
        return {"ok": False, "error": self.code, **self.more}


class NotAckedError(Exception):
    """The app did not acknowledge a delivery; `reason` is what Slack writes into the retry (`http_timeout`, ...)."""

    def __init__(self, reason: str, *, retry: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


def refused(code: str, *messages: object) -> ApiError:
    """A refusal with the sentences Slack puts under `response_metadata`."""
    return ApiError(code, response_metadata={"messages": [str(message) for message in messages]})
