"""The budget of a migration: set or taken away by a click; what was stopped by the old one goes on."""

from collections.abc import Mapping

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent import told
from bot.access import Act
from bot.boundary import listener, submission
from bot.buttons import loads
from bot.desk import Desk
from bot.listeners.guard import Click, allowed, clicked
from bot.listeners.runs import go_on
from bot.modals import budget, kit
from db.records import MigrationStatus
from pipeline.errors import InputError
from pipeline.models.charging import is_charged, price_of, unpriced


async def open_form(desk: Desk, args: AsyncArgs) -> None:
    click = await clicked(desk, args, Act.SET_BUDGET)
    purse = await desk.store.purses.get(click.migration.id)
    await desk.client.views_open(trigger_id=args.body["trigger_id"], view=budget.view(click.press, purse))


async def save(desk: Desk, args: AsyncArgs) -> None:
    press = loads(kit.meta(args.body["view"]).get("press", ""))
    click = await allowed(desk, args, press, Act.SET_BUDGET)
    await set_budget(desk, click, budget.read(args.body["view"])[0])


async def set_budget(desk: Desk, click: Click, usd: float | None) -> None:
    """Raises InputError that names a model whose price nobody knows: what it takes of a budget could not be told."""
    if usd is not None:
        await check_prices(desk, click.migration.id)
    before = await desk.store.purses.get(click.migration.id)
    await desk.store.purses.set_budget(click.migration.id, usd, by=click.person.user)
    body = "The budget was set anew, so Ferry goes on. Nothing that was paid for is paid for again."
    await told.mended(desk.store, click.migration, told.budget_key(click.migration.id), body)
    if before.stopped and click.migration.status is MigrationStatus.PAUSED:
        await go_on(desk, click.migration, click.person.user)
    desk.outbox.nudge()


async def check_prices(desk: Desk, migration_id: str) -> None:
    """Of the models that are known to be asked by now: source, targets, judges and their embedder."""
    migration = await desk.store.migrations.get(migration_id)
    plan = await desk.store.plans.latest(migration_id)
    judge = plan.criteria.judge if plan else None
    prices = desk.catalog.prices
    for ref in (migration.source, *migration.targets, *((judge.model, *judge.panel, judge.embedder) if judge else ())):
        if is_charged(ref, prices) and price_of(ref, prices) is None:
            raise InputError(f"{unpriced(ref)}.")


def check(args: AsyncArgs) -> Mapping[str, str]:
    return budget.read(args.body["view"])[1]


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("budget_open")(listener(desk, open_form))
    app.view(budget.CALLBACK)(submission(desk, check, save))
