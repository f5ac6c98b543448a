"""The candidates' buttons: what changed, all of them, use, go back, reject, the full text as a file."""

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent import prompts
from bot import prompt_facts, prompt_files
from bot.access import Act
from bot.boundary import Handler, listener, submission
from bot.buttons import Press
from bot.desk import Desk
from bot.listeners.portfolio import About, about, asked, put_up, put_up_slowly, renew, still_choosing
from bot.modals import prompt_list, prompt_look
from bot.modals.prompt_list import Chosen, ListFacts
from bot.modals.prompt_look import LookFacts
from db.keys import question_card

BY_HAND, BACK = "Chosen by hand.", "Back to an earlier choice."
ViewOf = Callable[[Desk, About], Awaitable[dict[str, Any]]]


async def look_view(desk: Desk, it: About) -> dict[str, Any]:
    told = await prompt_facts.one(desk.store, it.found, it.named, desk.catalog.prices)
    facts = LookFacts(
        press=Press(migration=it.click.migration.id, question=f"prompts:{it.number}", answer=f"{it.place}:{told.prompt_hash}"),
        target=it.target,
        candidate=told,
        before=await desk.store.prompts.original(it.click.migration.id),
        after=it.named.prompt,
        dev=it.found.dev,
        open=await asked(desk.store, it.click.migration.id, it.number) is not None,
    )
    return prompt_look.view(facts)


async def list_view(desk: Desk, it: About) -> dict[str, Any]:
    methods = {each.prompt.hash: each.prompt.method for each in it.found.of(it.target)}
    history = [
        Chosen(prompt_hash=c.prompt_hash, method=methods.get(c.prompt_hash, "?"), reason=c.reason, by=c.by, at=c.at)
        for c in it.found.chosen(it.target)
    ]
    facts = ListFacts(
        migration_id=it.click.migration.id,
        number=it.number,
        place=it.place,
        target=await prompt_facts.target(desk.store, it.found, it.place, desk.catalog.prices),
        dev=it.found.dev,
        history=history,
        open=await asked(desk.store, it.click.migration.id, it.number) is not None,
    )
    return prompt_list.view(facts)


async def look(desk: Desk, args: AsyncArgs) -> None:
    await put_up(desk, args, await look_view(desk, await about(desk, args, Act.SEE)))


async def list_all(desk: Desk, args: AsyncArgs) -> None:
    """Every candidate's scores are read for it."""
    await put_up_slowly(desk, args, list_view(desk, await about(desk, args, Act.SEE)))


def choosing(view: ViewOf, reason: str) -> Handler:
    """Choose the candidate, then show its form as it is now; the newest choice stands and the history keeps all."""

    async def choose(desk: Desk, args: AsyncArgs) -> None:
        it = await about(desk, args, Act.DECIDE_PROMPTS)
        await still_choosing(desk, it)
        prompt_hash, by = it.named.prompt.hash, it.click.person.user
        await prompts.choose(desk.store, desk.engine, it.found.plan, it.target, prompt_hash, by=by, reason=reason)
        await _show_again(desk, args, view)

    return choose


async def reject(desk: Desk, args: AsyncArgs) -> None:
    it = await about(desk, args, Act.DECIDE_PROMPTS)
    await still_choosing(desk, it)
    migration_id, by = it.click.migration.id, it.click.person.user
    await desk.store.prompts.reject(migration_id, it.number, it.target, it.named.prompt.hash, by=by)
    await _show_again(desk, args, look_view)


async def _show_again(desk: Desk, args: AsyncArgs, view: ViewOf) -> None:
    it = await about(desk, args, Act.DECIDE_PROMPTS)
    question = await asked(desk.store, it.click.migration.id, it.number)
    if question:
        await desk.store.messages.touch(question_card(it.click.migration.id, question.key))
    desk.outbox.nudge()
    await renew(desk, args, await view(desk, it))


async def post(desk: Desk, args: AsyncArgs) -> None:
    """The whole prompt and every changed line, as files in the migration's thread."""
    it = await about(desk, args, Act.SEE, prompt_look.read(args.body["view"]))
    before = await desk.store.prompts.original(it.click.migration.id)
    await prompt_files.write(desk.files, it.click.migration.id, before, it.named.prompt)
    await prompt_files.show(desk.store, it.click.migration, it.target, it.named.prompt)
    desk.outbox.nudge()


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("prompt_look")(listener(desk, look))
    app.action("prompt_list")(listener(desk, list_all))
    app.action("prompt_use")(listener(desk, choosing(look_view, BY_HAND)))
    app.action("prompt_back")(listener(desk, choosing(list_view, BACK)))
    app.action("prompt_reject")(listener(desk, reject))
    app.view(prompt_look.CALLBACK)(submission(desk, lambda _: {}, post))
