"""Make it faster: what is known of latency and its cost, and the round of shorter answers by a click."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot import prompt_facts
from bot.access import Act
from bot.boundary import listener, submission
from bot.desk import Desk
from bot.faster import FasterFacts, faster
from bot.listeners.guard import Click, clicked, still_asked
from bot.listeners.portfolio import number_of, put_up_slowly
from bot.listeners.prompt_rounds import proposed, start
from bot.modals import prompt_faster


async def open_form(desk: Desk, args: AsyncArgs) -> None:
    """Every answer on dev is read for it."""
    click = await clicked(desk, args, Act.DECIDE_PROMPTS)
    await still_asked(desk, click)
    await put_up_slowly(desk, args, _view(desk, click))


async def _view(desk: Desk, click: Click) -> dict[str, Any]:
    return prompt_faster.view(click.press, await _facts(desk, click))


async def _facts(desk: Desk, click: Click) -> list[FasterFacts]:
    found = await prompt_facts.round_of(desk.store, click.migration.id, number_of(click.press))
    offered, prices = await proposed(desk.store, click.press), desk.catalog.prices
    return [await faster(desk.store, found, place, prices, offered) for place in range(len(found.plan.targets))]


async def submitted(desk: Desk, args: AsyncArgs) -> None:
    wanted, _ = prompt_faster.read(args.body["view"])
    if wanted is not None:
        await start(desk, args, wanted)


def check(args: AsyncArgs) -> Mapping[str, str]:
    return prompt_faster.read(args.body["view"])[1]


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("prompts_faster")(listener(desk, open_form))
    app.view(prompt_faster.CALLBACK)(submission(desk, check, submitted))
