"""Pause, resume, cancel and retry: what people do to a migration that is under way."""

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.access import Act
from bot.boundary import listener
from bot.desk import Desk
from bot.listeners.guard import Click, clicked, too_late
from db.records import Migration, MigrationStatus


async def rest(desk: Desk, click: Click, status: MigrationStatus) -> None:
    """Pause or cancel: nothing new is started, and what is under way stops at the next look.

    Refused once the sign-off is decided, with who decided; the migration is moved all the same: the decision is carried out.
    """
    after = await desk.store.migrations.set_status(click.migration.id, status, by=click.person.user)
    await desk.move(click.migration.id)
    if after.status is not status:
        await too_late(desk, click, after)


async def go_on(desk: Desk, migration: Migration, by: str) -> None:
    """After a pause or a problem; runs that failed are run once more."""
    await desk.conversation.resume(migration.id, by=by)
    desk.outbox.nudge()


async def pause(desk: Desk, args: AsyncArgs) -> None:
    click = await clicked(desk, args, Act.PAUSE)
    await rest(desk, click, MigrationStatus.PAUSED)


async def resume(desk: Desk, args: AsyncArgs) -> None:
    click = await clicked(desk, args, Act.RESUME)
    await go_on(desk, click.migration, click.person.user)


async def cancel(desk: Desk, args: AsyncArgs) -> None:
    click = await clicked(desk, args, Act.CANCEL)
    await rest(desk, click, MigrationStatus.CANCELLED)


async def retry(desk: Desk, args: AsyncArgs) -> None:
    click = await clicked(desk, args, Act.RETRY)
    await go_on(desk, click.migration, click.person.user)


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("migration_pause")(listener(desk, pause))
    app.action("migration_resume")(listener(desk, resume))
    app.action("migration_cancel")(listener(desk, cancel))
    app.action("migration_retry")(listener(desk, retry))
    app.action("runs_retry")(listener(desk, retry))
