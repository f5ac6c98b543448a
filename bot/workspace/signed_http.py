"""Delivery to a request URL: form or JSON bodies signed with the app's secret.

Source: docs.slack.dev/authentication/verifying-requests-from-slack and /apis/events-api.
"""

import hashlib
import hmac
import json
import secrets
import time
from typing import Final
from urllib.parse import urlencode

import aiohttp

from bot.workspace.delivery import Envelope, acknowledged
from bot.workspace.wire import Json, NotAckedError

_FORM: Final = "application/x-www-form-urlencoded"


def sign(secret: str, timestamp: str, body: str) -> str:
    """The value of X-Slack-Signature."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    return f"v0={digest.hexdigest()}"


class SignedHttp:
    """Posts every delivery to one address."""

    def __init__(self, url: str, secret: str, session: aiohttp.ClientSession) -> None:
        self._url, self._secret, self._session = url, secret, session

    async def verify(self, seconds: float) -> None:
        """The url_verification handshake; raises ValueError when the address does not answer the challenge."""
        challenge = secrets.token_urlsafe(16)
        body = json.dumps({"type": "url_verification", "token": "local", "challenge": challenge})
        status, text, _ = await self._post(body, "application/json", {}, seconds)
        if status != 200 or challenge not in text:
            raise ValueError(
                f"The request URL answered the challenge with status {status}; it has to answer it with the challenge"
            )

    async def deliver(self, envelope: Envelope, seconds: float) -> Json | None:
        body, kind = _body(envelope)
        retry = {"X-Slack-Retry-Num": str(envelope.attempt), "X-Slack-Retry-Reason": envelope.reason} if envelope.attempt else {}
        try:
            status, text, headers = await self._post(body, kind, retry, seconds)
        except TimeoutError:
            raise NotAckedError("http_timeout") from None
        except aiohttp.ClientError:
            raise NotAckedError("connection_failed") from None
        if status != 200:
            raise NotAckedError("http_error", retry=headers.get("X-Slack-No-Retry") != "1")
        return acknowledged(_parsed(text))

    async def _post(self, body: str, kind: str, more: dict[str, str], seconds: float) -> tuple[int, str, dict[str, str]]:
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._secret, timestamp, body),
            **more,
        }
        timeout = aiohttp.ClientTimeout(total=seconds)
        async with self._session.post(self._url, data=body.encode(), headers=headers, timeout=timeout) as response:
            return response.status, await response.text(), {key.title(): value for key, value in response.headers.items()}


def _body(envelope: Envelope) -> tuple[str, str]:
    if envelope.kind == "events_api":
        return json.dumps(envelope.payload), "application/json"
    if envelope.kind == "slash_commands":
        return urlencode(envelope.payload), _FORM
    return urlencode({"payload": json.dumps(envelope.payload)}), _FORM


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
