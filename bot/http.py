"""Slack calling us: what is not Slack is turned away with 4xx before Bolt sees it; /healthz says whether the facts are reachable.

Bolt answers 500 to a timestamp that is no number and to a body that is no JSON, which reads like our fault and alarms operators.
"""

import json
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp

from bot.desk import Desk

LARGEST_BODY = 1024 * 1024
EVENTS = "/slack/events"


def web_app(app: AsyncApp, desk: Desk) -> web.Application:
    """The HTTP face of the bot."""

    async def events(request: web.Request) -> web.StreamResponse:
        problem = await _not_slack(request)
        if problem:
            return web.Response(status=problem)
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    async def healthz(_: web.Request) -> web.StreamResponse:
        await desk.store.migrations.active()
        return web.json_response({"ok": True})

    server = web.Application(client_max_size=LARGEST_BODY)
    server.router.add_post(EVENTS, events)
    server.router.add_get("/healthz", healthz)
    return server


async def _not_slack(request: web.Request) -> int | None:
    """The status for a request Slack would never send: unsigned 401, unreadable 400; a body too large raises 413 by itself."""
    if not request.headers.get("X-Slack-Request-Timestamp", "").isdecimal() or not request.headers.get("X-Slack-Signature"):
        return 401
    try:
        text = await request.text()
        if request.content_type == "application/json":
            return None if isinstance(json.loads(text), dict) else 400
        form = parse_qs(text, strict_parsing=True)
        return None if all(isinstance(json.loads(payload), dict) for payload in form.get("payload", ())) else 400
    except ValueError:
        return 400
