"""Advanced Prompt Optimization by a click or by words: asked for and stopped by the requester or the owner."""

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent import advpo
from bot.access import Act, Refusal
from bot.boundary import listener
from bot.cards.kit import mention
from bot.desk import Desk
from bot.listeners.guard import Click, refuse
from bot.listeners.portfolio import PAUSED, about
from db.records import AdvpoJob, MigrationStatus, Plan
from pipeline.errors import RefusedError

NONE_OPEN = "No optimisation is under way for this target. The prompts card says what came of the last one."


async def ask(desk: Desk, args: AsyncArgs) -> None:
    it = await about(desk, args, Act.DECIDE_PROMPTS)
    await asked(desk, it.click, it.found.plan, it.target)


async def stop(desk: Desk, args: AsyncArgs) -> None:
    it = await about(desk, args, Act.DECIDE_PROMPTS)
    await stopped(desk, it.click, it.found.plan, it.target)


async def asked(desk: Desk, click: Click, plan: Plan, target: str) -> None:
    """Begin a job for `target`. Raises RefusedError, with the way out, where there is one or none can be."""
    if not desk.advpo:
        raise RefusedError(advpo.NOT_SET_UP)
    if click.migration.status is MigrationStatus.PAUSED:
        await refuse(desk, click, Refusal(code="paused", sentence=PAUSED))
    job, begun = await advpo.ask(desk.store, desk.engine, plan, target, by=click.person.user, at=desk.clock())
    desk.outbox.nudge()
    if not begun:
        raise RefusedError(_there(job))


async def stopped(desk: Desk, click: Click, plan: Plan, target: str) -> None:
    job = await advpo.newest(desk.store, plan, target)
    if job is None or not job.is_open:
        raise RefusedError(NONE_OPEN)
    if not await advpo.stop(desk.store, desk.engine, job, by=click.person.user):
        raise RefusedError(f"{mention(job.stopped_by)} stopped it already; the prompts card says how that goes.")
    desk.outbox.nudge()


def _there(job: AdvpoJob) -> str:
    if job.is_open:
        return f"{mention(job.by)} asked for it already, and it is under way; the prompts card says how it is."
    return "It has brought its candidate for this target already: the prompts card shows it with its figures."


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("advpo_ask")(listener(desk, ask))
    app.action("advpo_stop")(listener(desk, stop))
