"""What people write and drop into a thread, and mentions of Ferry. Words are answered or proposed; only a click decides."""

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent import advpo
from agent.interpret import Facts, IntentKind, interpret
from bot import uploads
from bot.access import Act
from bot.boundary import listener
from bot.buttons import Press
from bot.desk import Desk
from bot.listeners import prompt_words
from bot.listeners.answers import Answer, answer_to
from bot.listeners.guard import allowed
from bot.opening import read_opening
from bot.subjects import MRKDWN, write_start
from db.keys import under
from db.records import MessageKind, Migration


async def written(desk: Desk, args: AsyncArgs) -> None:
    """A message in a migration's thread; other threads are nobody's business."""
    event = args.body["event"]
    migration = await desk.store.migrations.by_thread(event["channel"], event.get("thread_ts", ""))
    if migration is None or event.get("bot_id"):
        return
    for file in event.get("files") or ():
        click = await allowed(desk, args, Press(migration=migration.id), Act.UPLOAD)
        await uploads.take(desk, migration, file, click.person.user)
    if str(event.get("text") or "").strip() and not event.get("files"):
        await _answer(desk, args, migration)


async def _answer(desk: Desk, args: AsyncArgs, migration: Migration) -> None:
    """Answer or propose in the thread; what is not understood is answered only when Ferry was addressed."""
    event, mention = args.body["event"], f"<@{args.context.bot_user_id}>"
    text = event["text"].replace(mention, " ").strip()
    intent = await interpret(text, await _known(desk, migration), desk.reader)
    if intent.kind is IntentKind.UNKNOWN and mention not in event["text"]:
        return
    not_set_up = intent.kind is IntentKind.OPTIMIZE and not desk.advpo
    prices = desk.catalog.prices
    answer = (
        Answer(subject=MRKDWN, body=advpo.NOT_SET_UP) if not_set_up else await answer_to(desk.store, migration, intent, prices)
    )
    await _reply(desk, migration, f"reply:{event['channel']}:{event['ts']}", answer)


async def _known(desk: Desk, migration: Migration) -> Facts:
    """What an interpreter may know: names, never a sample."""
    plan, question = await desk.store.plans.latest(migration.id), await desk.store.questions.pending(migration.id)
    return Facts(
        status=migration.status.value,
        waiting=question.kind.value if question else "",
        metrics=tuple(choice.metric for choice in plan.criteria.metrics) if plan else (),
        offered=plan.offered if plan else (),
        targets=migration.targets,
        prompts=await prompt_words.names(desk.store, migration.id),
    )


async def _reply(desk: Desk, migration: Migration, key: str, answer: Answer) -> None:
    await desk.store.messages.show(
        key,
        migration_id=migration.id,
        channel=migration.channel,
        place="thread",
        kind=MessageKind.REPLY,
        subject=answer.subject,
        body=answer.body,
    )
    desk.outbox.nudge()


async def mentioned(desk: Desk, args: AsyncArgs) -> None:
    """A mention outside of a migration's thread: a button that opens the form with what was read from the text."""
    event = args.body["event"]
    thread = event.get("thread_ts") or event["ts"]
    if await desk.store.migrations.by_thread(event["channel"], thread):
        return
    opening = read_opening(event["text"].replace(f"<@{args.context.bot_user_id}>", " "))
    await desk.store.messages.show(
        f"start:{event['channel']}:{event['ts']}",
        migration_id=None,
        channel=event["channel"],
        place=under(thread),
        kind=MessageKind.REPLY,
        subject=write_start(opening.prefill),
        body=opening.sentence,
    )
    desk.outbox.nudge()


def register(app: AsyncApp, desk: Desk) -> None:
    app.event("message")(listener(desk, written))
    app.event("app_mention")(listener(desk, mentioned))
