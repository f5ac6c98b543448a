"""The sign-off's buttons: approve at once, request changes and reject with a note."""

from collections.abc import Mapping

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.access import Act
from bot.boundary import listener, submission
from bot.desk import Desk
from bot.listeners.guard import allowed, clicked, decide, still_asked
from bot.modals import notes


async def approve(desk: Desk, args: AsyncArgs) -> None:
    await decide(desk, await clicked(desk, args, Act.SIGN_OFF))


async def open_note(desk: Desk, args: AsyncArgs) -> None:
    click = await clicked(desk, args, Act.SIGN_OFF)
    await still_asked(desk, click)
    await desk.client.views_open(trigger_id=args.body["trigger_id"], view=notes.note_view(click.press))


async def with_note(desk: Desk, args: AsyncArgs) -> None:
    press, note, _ = notes.read_note(args.body["view"])
    await decide(desk, await allowed(desk, args, press, Act.SIGN_OFF), note=note)


def check(args: AsyncArgs) -> Mapping[str, str]:
    return notes.read_note(args.body["view"])[2]


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("sign_off_approve")(listener(desk, approve))
    app.action("sign_off_changes")(listener(desk, open_note))
    app.action("sign_off_reject")(listener(desk, open_note))
    app.view(notes.NOTE_CALLBACK)(submission(desk, check, with_note))
