"""References in doubt: keep, fix in a form, or not sure. Only the SME who was asked answers, once."""

from collections.abc import Mapping

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent.engine import WorkKind
from bot.access import Act, Refusal
from bot.boundary import listener, submission
from bot.buttons import Press, loads
from bot.desk import Desk
from bot.listeners.guard import Click, allowed, refuse
from bot.modals import references
from db.keys import references_card
from db.records import ReferenceAnswer, ReferenceCheck


async def say(desk: Desk, args: AsyncArgs) -> None:
    click, check = await _asked(desk, args, loads(args.payload["value"]))
    await _answer(desk, click, check, ReferenceAnswer(click.press.answer.rpartition(":")[2]), "")


async def open_form(desk: Desk, args: AsyncArgs) -> None:
    click, check = await _asked(desk, args, loads(args.payload["value"]))
    await _still_open(desk, click, check)
    doubted = await desk.store.datasets.chosen(check.dataset_id, [check.sample_id])
    view = references.view(click.press, doubted[check.sample_id].reference or "", check.suggestion)
    await desk.client.views_open(trigger_id=args.body["trigger_id"], view=view)


async def fixed(desk: Desk, args: AsyncArgs) -> None:
    """A fix that changes nothing is what Keep says."""
    press, text, _ = references.read(args.body["view"])
    click, check = await _asked(desk, args, press)
    doubted = await desk.store.datasets.chosen(check.dataset_id, [check.sample_id])
    same = (doubted[check.sample_id].reference or "").strip() == text
    await _answer(desk, click, check, ReferenceAnswer.KEEP if same else ReferenceAnswer.FIX, text)


async def _asked(desk: Desk, args: AsyncArgs, press: Press) -> tuple[Click, ReferenceCheck]:
    """The click and the reference it is about; only the SME who was asked gets this far."""
    check = await desk.store.references.get(press.answer.rpartition(":")[0])
    own = Press(migration=check.migration_id, question=press.question, answer=press.answer)
    return await allowed(desk, args, own, Act.CHECK_REFERENCE, sme=check.sme), check


async def _answer(desk: Desk, click: Click, check: ReferenceCheck, answer: ReferenceAnswer, text: str) -> None:
    """The first answer stands; a later one shows the SME where they are. The work is submitted again: a kill may have cut it."""
    standing, first = await desk.store.references.answer(
        check.id, answer, by=click.person.user, at=desk.clock(), reference=text or None
    )
    number = str(check.round)
    await desk.engine.submit(WorkKind.CORRECT, check.id, check.migration_id, number, check.id)
    if not first:
        await desk.store.messages.touch(references_card(check.migration_id, check.round, check.sme))
    desk.outbox.nudge()
    if (standing.answer, standing.reference or "") != (answer, text if answer is ReferenceAnswer.FIX else ""):
        await _still_open(desk, click, standing)


async def _still_open(desk: Desk, click: Click, check: ReferenceCheck) -> None:
    if check.answer is not None:
        sentence = f"You answered for this reference already ({check.answer}); the first answer stands."
        await refuse(desk, click, Refusal(code="decided", sentence=sentence))


def check(args: AsyncArgs) -> Mapping[str, str]:
    return references.read(args.body["view"])[2]


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("reference_keep")(listener(desk, say))
    app.action("reference_unsure")(listener(desk, say))
    app.action("reference_fix")(listener(desk, open_form))
    app.view(references.CALLBACK)(submission(desk, check, fixed))
