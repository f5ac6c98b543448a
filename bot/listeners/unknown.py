"""What no other listener took: buttons and forms of an older Ferry, events nobody asked for. Acknowledged all the same."""

import re

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.boundary import listener
from bot.desk import Desk
from pipeline.errors import InputError

ANY = re.compile(".*")


async def old_button(desk: Desk, args: AsyncArgs) -> None:
    raise InputError("This button belongs to an older Ferry. Use `/migrate status` to see where the migration stands.")


async def nothing(desk: Desk, args: AsyncArgs) -> None:
    """Nobody waits for an answer."""


def register(app: AsyncApp, desk: Desk) -> None:
    app.action(ANY)(listener(desk, old_button))
    app.view(ANY)(listener(desk, old_button))
    app.event(ANY)(listener(desk, nothing))
