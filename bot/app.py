"""The Bolt app: Slack's signature, our inbox, then the listeners. The same app serves Socket Mode and HTTP."""

import logging

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import inbox
from bot.desk import Desk
from bot.listeners import register
from bot.settings import SlackSettings

log = structlog.get_logger()


def slack_client(settings: SlackSettings) -> AsyncWebClient:
    """A Web API client that never repeats a call by itself: a repeated chat.postMessage is a second message."""
    token = settings.bot_token.get_secret_value()
    return AsyncWebClient(token=token, base_url=settings.api_url, retry_handlers=[], timeout=20)


def build_app(desk: Desk, settings: SlackSettings) -> AsyncApp:
    """The app with every listener registered."""
    logger = logging.getLogger("ferry.bolt")  # Bolt warns of a token it finds in the environment beside the client it is given
    logger.setLevel(logging.ERROR)
    app = AsyncApp(
        name="ferry",  # else Bolt looks through every frame of the stack for one
        logger=logger,
        client=desk.client,
        signing_secret=settings.signing_secret.get_secret_value() or None,
        request_verification_enabled=bool(settings.signing_secret.get_secret_value()),
    )
    app.middleware(inbox.record(app, desk))
    app.error(_not_received)
    register(app, desk)
    return app


async def _not_received(error: Exception) -> BoltResponse:
    """The inbox could not write the delivery down: Slack is told so, and delivers again."""
    log.error("delivery_not_recorded", error=type(error).__name__, exc_info=error)
    return BoltResponse(status=503, body="")
