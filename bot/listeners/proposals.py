"""The buttons under a proposal: do it, or leave it. The click is what decides; the words only proposed."""

from collections.abc import Awaitable, Callable, Mapping

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent.rounds import try_change
from bot.access import Act, Refusal
from bot.blocks.escape import literal
from bot.boundary import listener
from bot.buttons import Press, loads
from bot.cards.kit import mention
from bot.cards.note import Proposal
from bot.desk import Desk
from bot.listeners import prompt_words
from bot.listeners.budget import set_budget
from bot.listeners.guard import Click, allowed, decide, refuse
from bot.listeners.plan import UNSET, take_way
from bot.listeners.publishing import publish
from bot.listeners.runs import go_on, rest
from bot.modals.budget import read_budget
from bot.modals.details import read_ref
from bot.modals.metrics import read_judge
from bot.modals.plan_change import read_margin, read_usd
from bot.subjects import MRKDWN, read_proposal
from db.records import Message, MigrationStatus, PlanChange, QuestionKind
from pipeline.errors import InputError, RefusedError

GONE = "This proposal was answered already; what came of it is written there."
NO_PLAN = (
    "The plan is approved, so its criteria are locked. The owner can request changes at the sign-off, "
    "which starts a new round with a new plan; or start over with `/migrate again`."
)


async def confirm(desk: Desk, args: AsyncArgs) -> None:
    press = loads(args.payload["value"])
    message, proposal = await _proposed(desk, press)
    click = await allowed(desk, args, press, ACTS[proposal.kind])
    await DOES[proposal.kind](desk, click, proposal.value)
    await _close(desk, message, f"{mention(click.person.user)}: done.", proposal)


async def dismiss(desk: Desk, args: AsyncArgs) -> None:
    press = loads(args.payload["value"])
    message, proposal = await _proposed(desk, press)
    click = await allowed(desk, args, press, ACTS[proposal.kind])
    await _close(desk, message, f"{mention(click.person.user)} left it as it is.", proposal)


async def _proposed(desk: Desk, press: Press) -> tuple[Message, Proposal]:
    """The proposal as it was written down, not as the button tells it."""
    message = await desk.store.messages.get(press.question)
    proposal = read_proposal(message.subject) if message and message.migration_id == press.migration else None
    if message is None or proposal is None:
        raise RefusedError(GONE)
    return message, proposal


async def _close(desk: Desk, message: Message, what: str, proposal: Proposal) -> None:
    body = f"~{literal(proposal.sentence, 1500)}~\n{what}"
    await desk.store.messages.show(
        message.key,
        migration_id=message.migration_id,
        channel=message.channel,
        place=message.place,
        kind=message.kind,
        subject=MRKDWN,
        body=body,
    )
    desk.outbox.nudge()


async def _change_plan(desk: Desk, click: Click, change: PlanChange) -> None:
    """A change of the plan that is being asked about; once it is approved it is locked."""
    pending = await desk.store.questions.pending(click.migration.id)
    if pending is None or pending.kind is not QuestionKind.PLAN:
        await refuse(desk, click, Refusal(code="locked", sentence=NO_PLAN))
    await try_change(desk.store, click.migration.id, change)
    press = Press(migration=click.migration.id, question=pending.key, answer="change")
    await decide(desk, Click(person=click.person, press=press, migration=click.migration), change=change)


async def _margin(desk: Desk, click: Click, value: str) -> None:
    margin, _, metric = value.partition(" ")
    await _change_plan(desk, click, PlanChange(margin=read_margin(margin), metric=metric or None))


async def _cap(desk: Desk, click: Click, value: str) -> None:
    await _change_plan(desk, click, PlanChange(most_usd=read_usd(value)))


async def _target(desk: Desk, click: Click, value: str) -> None:
    await _change_plan(desk, click, PlanChange(add_target=read_ref(value)))


async def _add_metric(desk: Desk, click: Click, value: str) -> None:
    await _change_plan(desk, click, PlanChange(add_metrics=(value,)))


async def _remove_metric(desk: Desk, click: Click, value: str) -> None:
    await _change_plan(desk, click, PlanChange(remove_metrics=(value,)))


async def _judge(desk: Desk, click: Click, value: str) -> None:
    await _change_plan(desk, click, PlanChange(judge=read_judge(value) if value else ""))


async def _budget(desk: Desk, click: Click, value: str) -> None:
    await set_budget(desk, click, read_budget(value))


async def _way(desk: Desk, click: Click, value: str) -> None:
    if value == "yes" and not desk.batch:
        raise InputError(UNSET)
    await take_way(desk, click, value)


async def _pause(desk: Desk, click: Click, _: str) -> None:
    await rest(desk, click, MigrationStatus.PAUSED)


async def _resume(desk: Desk, click: Click, _: str) -> None:
    await go_on(desk, click.migration, click.person.user)


async def _cancel(desk: Desk, click: Click, _: str) -> None:
    await rest(desk, click, MigrationStatus.CANCELLED)


ACTS = {
    "change_margin": Act.DECIDE_PLAN,
    "change_cap": Act.DECIDE_PLAN,
    "add_target": Act.DECIDE_PLAN,
    "add_metric": Act.DECIDE_PLAN,
    "remove_metric": Act.DECIDE_PLAN,
    "use_judge": Act.DECIDE_PLAN,
    "publish": Act.PUBLISH,
    "set_budget": Act.SET_BUDGET,
    "choose_way": Act.DECIDE_PLAN,
    "pause": Act.PAUSE,
    "resume": Act.RESUME,
    "cancel": Act.CANCEL,
    **prompt_words.ACTS,
}
DOES: Mapping[str, Callable[[Desk, Click, str], Awaitable[None]]] = {
    "change_margin": _margin,
    "change_cap": _cap,
    "add_target": _target,
    "add_metric": _add_metric,
    "remove_metric": _remove_metric,
    "use_judge": _judge,
    "publish": publish,
    "set_budget": _budget,
    "choose_way": _way,
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    **prompt_words.DOES,
}


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("proposal_confirm")(listener(desk, confirm))
    app.action("proposal_dismiss")(listener(desk, dismiss))
