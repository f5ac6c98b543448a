"""Slack calling us: what is not Slack is turned away with 4xx before Bolt sees it; /healthz says whether the facts are reachable.

Bolt answers 500 to a timestamp that is no number and to a body that is no JSON, which reads like our fault and alarms operators.
"""

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.desk import Desk
from bot.inbox import key_of, take
from pipeline.errors import TemporaryError

LARGEST_BODY = 1024 * 1024
EVENTS = "/slack/events"


def web_app(app: AsyncApp, desk: Desk, signing_secret: str) -> web.Application:
    """The HTTP face of the bot."""
    verifier = SignatureVerifier(signing_secret)

    async def events(request: web.Request) -> web.StreamResponse:
        if not await _signed(request, verifier):
            return web.Response(status=401)
        delivery = await _readable(request)
        if delivery is None:
            return web.Response(status=400)
        try:
            if await take(app, desk, delivery.body):
                return web.Response()
        except TemporaryError:  # it is not written down: Slack is told so, and delivers again
            return web.Response(status=503)
        return await to_aiohttp_response(await app.async_dispatch(delivery))

    async def healthz(_: web.Request) -> web.StreamResponse:
        await desk.store.migrations.active()
        return web.json_response({"ok": True})

    server = web.Application(client_max_size=LARGEST_BODY)
    server.router.add_post(EVENTS, events)
    server.router.add_get("/healthz", healthz)
    return server


async def _signed(request: web.Request, verifier: SignatureVerifier) -> bool:
    """Whether Slack sent it, in the last five minutes; a body too large raises 413 by itself."""
    stamp, signature = request.headers.get("X-Slack-Request-Timestamp", ""), request.headers.get("X-Slack-Signature", "")
    return stamp.isascii() and stamp.isdecimal() and verifier.is_valid(await request.read(), stamp, signature)


async def _readable(request: web.Request) -> AsyncBoltRequest | None:
    """The delivery; None for what is no JSON, no UTF-8, no object, or no delivery of Slack's."""
    try:
        delivery = await to_bolt_request(request)
        key_of(delivery.body)
    except (ValueError, AttributeError, LookupError, TypeError):
        return None
    return delivery
