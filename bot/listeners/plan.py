"""The plan's buttons: approve, change (with a form), cancel."""

from collections.abc import Mapping

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.access import Act
from bot.boundary import listener, submission
from bot.buttons import loads
from bot.desk import Desk
from bot.listeners.guard import allowed, clicked, decide, still_asked
from bot.modals import kit, plan_change


async def answer(desk: Desk, args: AsyncArgs) -> None:
    """Approve or cancel, as the button says."""
    await decide(desk, await clicked(desk, args, Act.DECIDE_PLAN))


async def open_form(desk: Desk, args: AsyncArgs) -> None:
    click = await clicked(desk, args, Act.DECIDE_PLAN)
    await still_asked(desk, click)
    question = await desk.store.questions.get(click.migration.id, click.press.question)
    plan = await desk.store.plans.get(click.migration.id, int(question.subject))
    await desk.client.views_open(trigger_id=args.body["trigger_id"], view=plan_change.view(click.press, plan))


async def change(desk: Desk, args: AsyncArgs) -> None:
    press = loads(kit.meta(args.body["view"]).get("press", ""))
    asked, _ = plan_change.read(args.body["view"])
    await decide(desk, await allowed(desk, args, press, Act.DECIDE_PLAN), change=asked)


def check(args: AsyncArgs) -> Mapping[str, str]:
    return plan_change.read(args.body["view"])[1]


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("plan_approve")(listener(desk, answer))
    app.action("plan_cancel")(listener(desk, answer))
    app.action("plan_change")(listener(desk, open_form))
    app.view(plan_change.CALLBACK)(submission(desk, check, change))
