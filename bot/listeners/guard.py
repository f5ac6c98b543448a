"""From a click to a decision: whose button it is, whether they may, whether it is still asked. Every refusal is audited."""

from dataclasses import dataclass, replace
from typing import NoReturn

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.access import Act, Refusal, may
from bot.blocks.escape import literal
from bot.buttons import Press, loads
from bot.cards.kit import mention, when
from bot.cards.question import ANSWERS
from bot.desk import Desk, person_of
from db.records import Decision, Migration, MigrationStatus, Person, PlanChange, QuestionKind
from pipeline.errors import RefusedError

CARRIED_OUT = "The migration is paused: *Resume* on the status card carries that decision out."


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """Who pressed what, on which migration; the migration was looked up, not believed."""

    person: Person
    press: Press
    migration: Migration


async def clicked(desk: Desk, args: AsyncArgs, act: Act, *, sme: str | None = None) -> Click:
    """The click on a button of a migration by somebody who may `act`. Raises RefusedError otherwise."""
    return await allowed(desk, args, loads(args.payload["value"]), act, sme=sme)


async def allowed(desk: Desk, args: AsyncArgs, press: Press, act: Act, *, sme: str | None = None) -> Click:
    """`press` as a click by the person of this delivery, if the place and the person are right."""
    migration = await desk.store.migrations.get(press.migration)
    click = Click(person=person_of(args.body), press=press, migration=migration)
    if not _belongs(args, migration):
        elsewhere = "This button belongs to a migration of another channel."
        await refuse(desk, click, Refusal(code="other_channel", sentence=elsewhere))
    refusal = may(act, click.person, migration, sme=sme)
    if refusal and refusal.code == "over":
        await told_if_decided(desk, click)
    if refusal:
        await refuse(desk, click, refusal)
    return click


def _belongs(args: AsyncArgs, migration: Migration) -> bool:
    """Whether the click came from the migration's channel, a direct message, a form or the home tab."""
    channel = (args.body.get("channel") or {}).get("id")
    return not channel or channel == migration.channel or channel.startswith("D")


async def refuse(desk: Desk, click: Click, refusal: Refusal) -> NoReturn:
    """Write the attempt down and say why not."""
    detail = {"question": click.press.question, "answer": click.press.answer, "why": refusal.code}
    await desk.store.audit.add(
        click.person.user, "was refused", team=click.person.team, migration_id=click.migration.id, detail=detail, at=desk.clock()
    )
    raise RefusedError(refusal.sentence)


async def told_if_decided(desk: Desk, click: Click) -> None:
    """Raise RefusedError that names the decision, if there is one already."""
    if not click.press.question:
        return
    decision = await desk.store.questions.decision(click.migration.id, click.press.question)
    if decision:
        await refuse(desk, click, already(decision))


async def too_late(desk: Desk, click: Click, after: Migration) -> None:
    """Raise RefusedError for a click that found its migration decided, or over, when it came to change it."""
    decisions = await desk.store.questions.decisions(click.migration.id)
    if decisions and decisions[-1].question.startswith(QuestionKind.SIGN_OFF):
        refused = already(decisions[-1])
        if after.status is MigrationStatus.PAUSED:
            refused = replace(refused, sentence=f"{refused.sentence} {CARRIED_OUT}")
        await refuse(desk, click, refused)
    refusal = may(Act.CANCEL, click.person, after)
    if refusal:
        await refuse(desk, click, refusal)


async def still_asked(desk: Desk, click: Click) -> None:
    """Raise RefusedError for a question that is decided or that the migration has gone past."""
    await told_if_decided(desk, click)
    if await desk.store.questions.is_closed(click.migration.id, click.press.question):
        gone = "This question is no longer asked: the migration went on. The status card at the top of the thread is up to date."
        await refuse(desk, click, Refusal(code="stale", sentence=gone))


async def decide(desk: Desk, click: Click, *, note: str = "", change: PlanChange | None = None, turn: str = "") -> None:
    """Write the decision and let the migration move. The first one stands; the others are told who decided. `turn` goes with it.

    The same answer of the same person again moves the migration all the same: it may be a click whose effect was cut short.
    """
    press = click.press
    decision = Decision(
        migration_id=click.migration.id, question=press.question, answer=press.answer, by=click.person.user,
        at=desk.clock(), note=note, change=change,
    )  # fmt: skip
    standing = await _standing(desk, click, decision, turn)
    other = turn and standing.note != decision.note  # another round than the one that began
    if other or (standing.by, standing.answer) != (decision.by, decision.answer):
        await refuse(desk, click, already(standing))
    await desk.move(click.migration.id)


async def _standing(desk: Desk, click: Click, decision: Decision, turn: str) -> Decision:
    """The decision that stands after this one; a question that was closed without any is refused."""
    try:
        standing, _ = await desk.store.questions.decide(decision, turn=turn)
    except RefusedError as error:
        await refuse(desk, click, Refusal(code="stale", sentence=error.message))
    return standing


def already(decision: Decision) -> Refusal:
    """Who decided what, and when."""
    what = ANSWERS.get(decision.answer, "Decided")
    said = f" It began with: {literal(decision.note, 300)}" if decision.answer == "round" and decision.note else ""
    return Refusal(code="decided", sentence=f"Already decided: *{what}* by {mention(decision.by)} {when(decision.at)}.{said}")
