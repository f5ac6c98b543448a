"""Publishing the signed prompt: the button under the sign-off and its form. The words propose the same."""

from collections.abc import Mapping

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent.engine import WorkKind
from bot.access import Act
from bot.boundary import listener, submission
from bot.desk import Desk
from bot.listeners.guard import Click, allowed, clicked
from bot.modals import publish as form
from pipeline.errors import RefusedError
from pipeline.prompts.managed.form import prompt_name

NOT_SIGNED = "A prompt is published once it is signed: that waits for the owner's sign-off."


async def open_form(desk: Desk, args: AsyncArgs) -> None:
    click = await clicked(desk, args, Act.PUBLISH)
    await _signed(desk, click)
    view = form.view(click.press, prompt_name(click.migration.name))
    await desk.client.views_open(trigger_id=args.body["trigger_id"], view=view)


async def submitted(desk: Desk, args: AsyncArgs) -> None:
    press, name, _ = form.read(args.body["view"])
    click = await allowed(desk, args, press, Act.PUBLISH)
    await _signed(desk, click)
    await publish(desk, click, name)


async def publish(desk: Desk, click: Click, name: str) -> None:
    """Who asked is written down first; the worker publishes, as often as it takes."""
    migration = click.migration
    await desk.store.audit.add(
        click.person.user,
        "asked to publish",
        team=migration.team,
        migration_id=migration.id,
        detail={"name": name},
        at=desk.clock(),
    )
    await desk.engine.submit(WorkKind.PUBLISH, f"{migration.id}:{name}", migration.id, name)


async def _signed(desk: Desk, click: Click) -> None:
    if await desk.store.reports.sign_off(click.migration.id) is None:
        raise RefusedError(NOT_SIGNED)


def check(args: AsyncArgs) -> Mapping[str, str]:
    return form.read(args.body["view"])[2]


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("publish_open")(listener(desk, open_form))
    app.view(form.CALLBACK)(submission(desk, check, submitted))
