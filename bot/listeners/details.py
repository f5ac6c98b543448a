"""Edit details: what the start left open, told later."""

from collections.abc import Mapping
from dataclasses import replace

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.access import Act
from bot.boundary import listener, submission
from bot.buttons import Press
from bot.desk import Desk
from bot.listeners.guard import Click, allowed, clicked
from bot.modals import edit_details
from bot.modals.details import people_problem, read_prompt
from pipeline.errors import InputError


async def open_form(desk: Desk, args: AsyncArgs) -> None:
    click = await clicked(desk, args, Act.EDIT)
    prompt = await desk.store.prompts.original(click.migration.id)
    view = edit_details.view(click.migration, has_prompt=bool(prompt.user or prompt.system))
    await desk.client.views_open(trigger_id=args.body["trigger_id"], view=view)


async def save(desk: Desk, args: AsyncArgs) -> None:
    """Checked again against the migration itself: what a form carries along may be old."""
    details, _ = edit_details.read(args.body["view"])
    if details is None:
        return
    click = await allowed(desk, args, Press(migration=details.migration), Act.EDIT)
    wrong = people_problem(click.migration.requester, details.owner, details.smes)
    if wrong:
        raise InputError(" ".join(wrong.values()))
    if details.prompt:
        await _tell_prompt(desk, click, details.prompt)
    await desk.store.migrations.edit(
        click.migration.id, by=click.person.user, targets=details.targets or None, owner=details.owner, smes=details.smes
    )
    await desk.move(click.migration.id)


async def _tell_prompt(desk: Desk, click: Click, text: str) -> None:
    """The prompt with the parameters the start was told."""
    before = await desk.store.prompts.original(click.migration.id)
    prompt = replace(read_prompt(text), parameters=before.parameters)
    await desk.store.prompts.tell(click.migration.id, prompt, by=click.person.user)


def check(args: AsyncArgs) -> Mapping[str, str]:
    return edit_details.read(args.body["view"])[1]


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("details_open")(listener(desk, open_form))
    app.view(edit_details.CALLBACK)(submission(desk, check, save))
