"""What people do in Slack, one file for each way of doing it; each is a few lines: who, may they, write a fact, move on."""

from slack_bolt.app.async_app import AsyncApp

from bot.desk import Desk
from bot.listeners import commands, details, home, messages, plan, proposals, references, review, runs, sign_off, start, unknown


def register(app: AsyncApp, desk: Desk) -> None:
    """Every listener; `unknown` is last, because it takes what no other took."""
    for each in (commands, start, details, plan, review, references, sign_off, runs, proposals, messages, home, unknown):
        each.register(app, desk)
