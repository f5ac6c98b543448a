"""What people do in Slack, one file for each way of doing it; each is a few lines: who, may they, write a fact, move on."""

from slack_bolt.app.async_app import AsyncApp

from bot.desk import Desk
from bot.listeners import (
    budget,
    commands,
    details,
    home,
    messages,
    plan,
    prompt_advpo,
    prompt_edit,
    prompt_faster,
    prompt_rounds,
    prompt_try,
    prompts,
    proposals,
    publishing,
    references,
    review,
    runs,
    sign_off,
    start,
    unknown,
)

ALL = (
    commands, start, details, plan, prompts, prompt_edit, prompt_try, prompt_rounds, prompt_advpo, prompt_faster, publishing,
    review, references, sign_off, runs,
    budget, proposals, messages, home, unknown,
)  # fmt: skip
"""`unknown` is last, because it takes what no other took."""


def register(app: AsyncApp, desk: Desk) -> None:
    """Every listener."""
    for each in ALL:
        each.register(app, desk)
