"""Slack calling us: what is not Slack is turned away with 4xx before Bolt sees it; /healthz says whether the facts are reachable.

Bolt answers 500 to a timestamp that is no number and to a body that is no JSON, which reads like our fault and alarms operators.
"""

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp

from bot.desk import Desk

LARGEST_BODY = 1024 * 1024
EVENTS = "/slack/events"


def web_app(app: AsyncApp, desk: Desk) -> web.Application:
    """The HTTP face of the bot."""

    async def events(request: web.Request) -> web.StreamResponse:
        if not _signed(request):
            return web.Response(status=401)
        try:
            delivery = await to_bolt_request(request)
        except (ValueError, AttributeError):  # no JSON, no UTF-8, no object; a body too large raises 413 by itself
            return web.Response(status=400)
        return await to_aiohttp_response(await app.async_dispatch(delivery))

    async def healthz(_: web.Request) -> web.StreamResponse:
        await desk.store.migrations.active()
        return web.json_response({"ok": True})

    server = web.Application(client_max_size=LARGEST_BODY)
    server.router.add_post(EVENTS, events)
    server.router.add_get("/healthz", healthz)
    return server


def _signed(request: web.Request) -> bool:
    """Whether there is anything Bolt could check: it expects a number and a signature."""
    stamp, signature = request.headers.get("X-Slack-Request-Timestamp", ""), request.headers.get("X-Slack-Signature")
    return stamp.isascii() and stamp.isdecimal() and bool(signature)
