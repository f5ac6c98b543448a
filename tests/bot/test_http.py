"""HTTP mode: what is not Slack is turned away with 4xx, never with 500, and never reaches the inbox."""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.process import utc_now
from bot.settings import Mode
from bot.workspace.people import REQUESTER
from bot.workspace.server import Workspace
from tests.bot.office import Office, open_office
from tests.bot.test_clicks import click

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
CHALLENGE = json.dumps({"type": "url_verification", "challenge": "c", "token": "t"})


@pytest.fixture
async def listening(workspace: Workspace, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(workspace, tmp_path, mode=Mode.HTTP, http_host="127.0.0.1", http_port=0) as office:
        yield office


def signed(office: Office, body: str, *, secret: str = "", stamp: str = "") -> dict[str, str]:
    stamp = stamp or str(int(time.time()))
    key = (secret or office.settings.signing_secret.get_secret_value()).encode()
    signature = "v0=" + hmac.new(key, f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}


async def post(office: Office, body: str, kind: str, headers: dict[str, str]) -> int:
    url = f"{office.bot.address}/slack/events"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=BytesIO(body.encode()), headers={**headers, "Content-Type": kind}) as answer,
    ):
        return answer.status


def form(body: dict[str, Any]) -> str:
    return urlencode({"payload": json.dumps(body)})


async def test_a_signed_request_is_taken(listening: Office) -> None:
    body = form(dict(click("m", "plan_approve", "approve", REQUESTER).body))
    assert await post(listening, body, FORM, signed(listening, body)) == 200
    await listening.bot.desk.settled()
    assert await post(listening, CHALLENGE, JSON, signed(listening, CHALLENGE)) == 200


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_an_old_or_future_timestamp_is_refused(listening: Office, seconds: int) -> None:
    headers = signed(listening, CHALLENGE, stamp=str(int(time.time()) + seconds))
    assert await post(listening, CHALLENGE, JSON, headers) == 401


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1e9", "٣", "9" * 40])
async def test_a_timestamp_that_is_no_number_is_refused(listening: Office, stamp: str) -> None:
    headers = {"X-Slack-Signature": "v0=00"} | ({"X-Slack-Request-Timestamp": stamp} if stamp.isascii() else {})
    assert await post(listening, CHALLENGE, JSON, headers) == 401


async def test_a_forged_or_missing_signature_is_refused(listening: Office) -> None:
    assert await post(listening, CHALLENGE, JSON, signed(listening, CHALLENGE, secret="guessed")) == 401
    assert await post(listening, CHALLENGE, JSON, {"X-Slack-Request-Timestamp": str(int(time.time()))}) == 401


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("{", JSON),
        ("[]", JSON),
        ("null", JSON),
        ("1", JSON),
        ("payload=%7B", FORM),
        ("payload=%5B%5D", FORM),
        ("payload=1", FORM),
    ],
)
async def test_a_body_that_is_none_of_slacks_is_a_bad_request(listening: Office, body: str, kind: str) -> None:
    assert await post(listening, body, kind, signed(listening, body)) == 400


async def test_garbage_that_is_signed_is_no_server_error(listening: Office) -> None:
    for body in ("a=b", "", "payload={}", "type=x"):
        assert await post(listening, body, FORM, signed(listening, body)) < 500


async def test_a_body_that_is_too_large_is_refused(listening: Office) -> None:
    body = json.dumps({"type": "x" * 1_100_000})
    assert await post(listening, body, JSON, signed(listening, body)) == 413


async def test_the_same_signed_body_again_has_no_second_effect(listening: Office) -> None:
    body = form(dict(click("unknown", "plan_approve", "approve", REQUESTER).body))
    headers = signed(listening, body)
    assert [await post(listening, body, FORM, headers) for _ in range(4)] == [200] * 4
    await listening.bot.desk.settled()
    told = [m for m in listening.workspace.general().messages.values() if m.get("ephemeral_for") == REQUESTER]
    assert len(told) == 1
    assert await listening.store.deliveries.waiting(utc_now() + timedelta(hours=1)) == ()


async def test_health_says_that_the_facts_are_reachable(listening: Office) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{listening.bot.address}/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"ok": True})


async def test_the_workspace_can_deliver_over_http(listening: Office) -> None:
    await listening.workspace.use_http(f"{listening.bot.address}/slack/events")
    await listening.requester.command("help")
    message = await listening.requester.message(lambda m: "/migrate new" in m["text"])
    assert message["is_ephemeral"]
