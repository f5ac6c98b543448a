"""Blind pairs: A, B or the same, with a reason in a form for those who want to give one."""

from collections.abc import Mapping

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.access import Act
from bot.boundary import listener, submission
from bot.buttons import Press, loads
from bot.desk import Desk
from bot.listeners.guard import Click, allowed, clicked, decide
from bot.modals import notes
from db.keys import review_card
from db.records import Assignment, Choice, Preference


async def judge(desk: Desk, args: AsyncArgs) -> None:
    click, assignment, answer = await _pair(desk, args, loads(args.payload["value"]))
    await _prefer(desk, click, assignment, Choice(answer), "")


async def open_reason(desk: Desk, args: AsyncArgs) -> None:
    click, _, _ = await _pair(desk, args, loads(args.payload["value"]))
    await desk.client.views_open(trigger_id=args.body["trigger_id"], view=notes.reason_view(click.press))


async def with_reason(desk: Desk, args: AsyncArgs) -> None:
    given, _ = notes.read_reason(args.body["view"])
    if given:
        click, assignment, _ = await _pair(desk, args, given.press)
        await _prefer(desk, click, assignment, given.choice, given.reason)


async def _pair(desk: Desk, args: AsyncArgs, press: Press) -> tuple[Click, Assignment, str]:
    """The click, the pair it is about and the answer; only the SME whose pair it is gets this far."""
    assignment_id, _, answer = press.answer.rpartition(":")
    assignment = await desk.store.reviews.get(assignment_id)
    own = Press(migration=assignment.migration_id, question=press.question, answer=press.answer)
    return await allowed(desk, args, own, Act.REVIEW, sme=assignment.sme), assignment, answer


async def _prefer(desk: Desk, click: Click, assignment: Assignment, choice: Choice, reason: str) -> None:
    """The first judgement of a pair stands; a later one shows the SME where they are."""
    preference = Preference(assignment_id=assignment.id, choice=choice, by=click.person.user, at=desk.clock(), reason=reason)
    _, first = await desk.store.reviews.prefer(preference)
    if not first:
        await desk.store.messages.touch(review_card(assignment.migration_id, assignment.round, assignment.sme))
    await desk.move(click.migration.id)


async def close(desk: Desk, args: AsyncArgs) -> None:
    await decide(desk, await clicked(desk, args, Act.CLOSE_REVIEW))


def check(args: AsyncArgs) -> Mapping[str, str]:
    return notes.read_reason(args.body["view"])[1]


def register(app: AsyncApp, desk: Desk) -> None:
    for action in ("review_a", "review_same", "review_b"):
        app.action(action)(listener(desk, judge))
    app.action("review_reason")(listener(desk, open_reason))
    app.action("review_close")(listener(desk, close))
    app.view(notes.REASON_CALLBACK)(submission(desk, check, with_reason))
