"""`/migrate`: new, list, status, report, cancel, again, models, help. Answers go to the person alone."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot import facts
from bot.access import Act, may
from bot.blocks.escape import literal
from bot.boundary import listener, show, tell
from bot.buttons import Press
from bot.cards.kit import mention, when
from bot.cards.models import ModelsFacts, models_card
from bot.cards.verdict import verdict_lines
from bot.desk import Desk, person_of
from bot.listeners.guard import Click, refuse
from bot.listeners.runs import rest
from bot.listeners.start import again_form, open_form
from db.records import OVER, Migration, MigrationStatus
from pipeline.errors import InputError
from pipeline.models.catalog import Constraints, shortlist, understood

COMMAND = "/migrate"
SHOWN = 15
HELP = """*Ferry carries an LLM application from the model it runs on today to the next one, with evidence you can sign.*
• `/migrate new [name]` starts a migration in this channel
• `/migrate list` shows your migrations
• `/migrate status [name]` says where the migrations of this channel stand
• `/migrate report [name]` shows the latest verdict; the files are in the thread
• `/migrate cancel [name]` ends a migration; nothing is deleted
• `/migrate again [name]` starts one anew with the same details and dataset
• `/migrate models image, context 100k, eu, under 1 USD, not anthropic` lists models that fit, and why the others do not
In a migration's thread you can drop the dataset, and just ask: "status", "why?", "show worst", "show errors",
"set the margin to 0.03", "use bedrock:MODEL-ID as judge"."""


async def migrate(desk: Desk, args: AsyncArgs) -> None:
    """The sub-command of the text; help for an unknown one."""
    word, _, rest_ = str(args.body.get("text") or "").strip().partition(" ")
    await SUB_COMMANDS.get(word.lower() or "new", help_)(desk, args, rest_.strip())


async def new(desk: Desk, args: AsyncArgs, name: str) -> None:
    start = replace(desk.prefill, channel=args.body["channel_id"], name=name[:100] or desk.prefill.name)
    await open_form(desk, args.body["trigger_id"], start)


async def list_(desk: Desk, args: AsyncArgs, _: str) -> None:
    person = person_of(args.body)
    mine = await desk.store.migrations.listed(person.team, person.user)
    more = f"\n… and {len(mine) - SHOWN} more on Ferry's Home tab" if len(mine) > SHOWN else ""
    told = "\n".join(line(migration) for migration in mine[:SHOWN])
    await tell(desk, args, f"{told}{more}" if told else "You have no migrations yet. `/migrate new` starts one.")


async def status(desk: Desk, args: AsyncArgs, name: str) -> None:
    """What each migration of this channel waits for."""
    told = []
    for migration in (await _here(desk, args, name))[:SHOWN]:
        question = await desk.store.questions.pending(migration.id)
        waits = f"\n      waits for: {question.kind.value.replace('_', '-')}, since {when(question.asked_at)}" if question else ""
        told.append(line(migration) + waits)
    await tell(desk, args, "\n".join(told))


async def report(desk: Desk, args: AsyncArgs, name: str) -> None:
    """The verdict of the newest report of this channel."""
    for migration in await _here(desk, args, name):
        stored = await desk.store.reports.latest(migration.id)
        if stored:
            found = await facts.report(desk.store, stored.hash)
            lines = [line(migration), literal(found.headline, 1200), *verdict_lines(found), f"Report `{stored.hash[:16]}`"]
            await tell(desk, args, "\n".join(lines))
            return
    raise InputError("There is no report in this channel yet. `/migrate status` says what the migrations wait for.")


async def cancel(desk: Desk, args: AsyncArgs, name: str) -> None:
    migration = _one([m for m in await _here(desk, args, name) if m.status not in OVER], "cancel")
    click = Click(person=person_of(args.body), press=Press(migration=migration.id, answer="cancel"), migration=migration)
    refusal = may(Act.CANCEL, click.person, migration)
    if refusal:
        await refuse(desk, click, refusal)
    await rest(desk, click, MigrationStatus.CANCELLED)
    await tell(desk, args, f"*{literal(migration.name, 200)}* is cancelled; nothing was deleted.")


async def again(desk: Desk, args: AsyncArgs, name: str) -> None:
    migration = _one((await _here(desk, args, name)) if name else (await _here(desk, args, name))[:1], "again")
    await again_form(desk, args.body["trigger_id"], migration)


async def models(desk: Desk, args: AsyncArgs, words: str) -> None:
    """The models that fit plain words, as of today; no call is made."""
    asked = understood(words, Constraints(today=desk.clock().date().isoformat()))
    every = await asyncio.to_thread(desk.catalog.all)
    found = shortlist(every, asked.constraints, desk.citations)
    await show(desk, args, models_card(ModelsFacts(found=found, left=asked.left)))


async def help_(desk: Desk, args: AsyncArgs, _: str) -> None:
    await tell(desk, args, HELP)


async def _here(desk: Desk, args: AsyncArgs, name: str) -> list[Migration]:
    """The migrations of this channel the person takes part in or that are under way, newest first; by a part of their name."""
    person, channel = person_of(args.body), args.body["channel_id"]
    known = {
        m.id: m for m in (*await desk.store.migrations.listed(person.team, person.user), *await desk.store.migrations.active())
    }
    here = [m for m in known.values() if (m.team, m.channel) == (person.team, channel) and name.lower() in m.name.lower()]
    if not here:
        named = f" with '{literal(name, 60)}' in its name" if name else ""
        raise InputError(f"There is no migration{named} in this channel. `/migrate new` starts one, `/migrate list` shows yours.")
    return sorted(here, key=lambda migration: migration.created_at, reverse=True)


def _one(found: list[Migration], word: str) -> Migration:
    if len(found) != 1:
        names = ", ".join(literal(migration.name, 60) for migration in found[:10]) or "none is under way"
        raise InputError(f"Which one? `/migrate {word} NAME` with a part of its name: {names}.")
    return found[0]


def line(migration: Migration) -> str:
    """A migration in a line."""
    to = ", ".join(literal(target, 80) for target in migration.targets[:3]) or "targets not named"
    about = f"{literal(migration.source, 80)} → {to}, {migration.status}, requester {mention(migration.requester)}"
    return f"• *{literal(migration.name, 100)}* in <#{migration.channel}>: {about}"


SUB_COMMANDS: Mapping[str, Callable[[Desk, AsyncArgs, str], Awaitable[None]]] = {
    "new": new,
    "list": list_,
    "status": status,
    "report": report,
    "cancel": cancel,
    "again": again,
    "models": models,
    "help": help_,
}


def register(app: AsyncApp, desk: Desk) -> None:
    app.command(COMMAND)(listener(desk, migrate))
