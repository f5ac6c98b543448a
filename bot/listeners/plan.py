"""The plan's buttons: approve, change (with three forms), try people's own criteria, cancel."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent.engine import WorkKind
from agent.rounds import try_change
from bot.access import Act, Refusal
from bot.boundary import Handler, listener, submission
from bot.buttons import Press, loads
from bot.desk import Desk
from bot.listeners.guard import Click, allowed, clicked, decide, refuse, still_asked
from bot.modals import criteria, kit, metrics, plan_change
from db.records import MigrationStatus, Plan, PlanChange

PAUSED = "This migration is paused, so nothing is spent on trying criteria. Press *Resume* on the status card first."
UNSET = "Batch jobs are not set up here: the operator sets FERRY_BATCH_ROLE and FERRY_BATCH_BUCKET and restarts bot and worker."
Read = Callable[[kit.View], tuple[PlanChange | None, dict[str, str]]]


async def answer(desk: Desk, args: AsyncArgs) -> None:
    """Approve or cancel, as the button says."""
    await decide(desk, await clicked(desk, args, Act.DECIDE_PLAN))


def opening(view: Callable[[Press, Plan], dict[str, Any]]) -> Handler:
    """Opens a form over the plan that is asked about."""

    async def open_form(desk: Desk, args: AsyncArgs) -> None:
        click, plan = await _asked(desk, args)
        await desk.client.views_open(trigger_id=args.body["trigger_id"], view=view(click.press, plan))

    return open_form


def changing(read: Read) -> Handler:
    """Takes what a form asks for, if the plan can take it; what it cannot is said before anything is decided."""

    async def change(desk: Desk, args: AsyncArgs) -> None:
        press = loads(kit.meta(args.body["view"]).get("press", ""))
        click = await allowed(desk, args, press, Act.DECIDE_PLAN)
        asked, _ = read(args.body["view"])
        if asked and not await desk.store.questions.decision(click.migration.id, press.question):
            await try_change(desk.store, click.migration.id, asked)
        await decide(desk, click, change=asked)

    return change


def checking(read: Read) -> Callable[[AsyncArgs], Mapping[str, str]]:
    return lambda args: read(args.body["view"])[1]


async def try_out(desk: Desk, args: AsyncArgs) -> None:
    """Show people's own criteria on three samples; a click asks for it, because a judge may cost something."""
    click, plan = await _asked(desk, args)
    if click.migration.status is MigrationStatus.PAUSED:
        await refuse(desk, click, Refusal(code="paused", sentence=PAUSED))
    number = str(plan.number)
    await desk.engine.submit(WorkKind.TRIAL, f"{click.migration.id}:{number}", click.migration.id, number)


async def choose_way(desk: Desk, args: AsyncArgs) -> None:
    """Batch jobs or calls on demand, as the button says."""
    click, _ = await _asked(desk, args)
    await take_way(desk, click, click.press.answer)


async def take_way(desk: Desk, click: Click, value: str) -> None:
    """`value` is yes or no to batch jobs. How models are called is no part of the criteria: the plan stays as it is."""
    await desk.store.batches.choose(click.migration.id, wanted=value == "yes", by=click.person.user)
    desk.outbox.nudge()


async def _asked(desk: Desk, args: AsyncArgs) -> tuple[Click, Plan]:
    """The click and the plan it is about, while that is still asked."""
    click = await clicked(desk, args, Act.DECIDE_PLAN)
    await still_asked(desk, click)
    question = await desk.store.questions.get(click.migration.id, click.press.question)
    return click, await desk.store.plans.get(click.migration.id, int(question.subject))


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("plan_approve")(listener(desk, answer))
    app.action("plan_cancel")(listener(desk, answer))
    app.action("plan_try")(listener(desk, try_out))
    app.action("ways_choose")(listener(desk, choose_way))
    app.action("plan_change")(listener(desk, opening(plan_change.view)))
    app.action("plan_metrics")(listener(desk, opening(metrics.view)))
    app.action("plan_criteria")(listener(desk, opening(lambda press, _: criteria.view(press))))
    for form in (plan_change, metrics, criteria):
        app.view(form.CALLBACK)(submission(desk, checking(form.read), changing(form.read)))
