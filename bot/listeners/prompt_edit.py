"""A candidate by hand: the form is examined by the guards before it closes; a file is read after, and answered in the thread."""

from collections.abc import Mapping
from dataclasses import replace

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent import by_hand
from bot import uploads
from bot.access import Act
from bot.boundary import examination, listener
from bot.desk import Desk
from bot.listeners.portfolio import About, about, put_up, still_choosing
from bot.modals import prompt_edit
from bot.modals.prompt_edit import Edited
from pipeline.errors import InputError
from pipeline.prompts.importers import Source, imported
from pipeline.records import Candidate, PromptVersion


async def open_form(desk: Desk, args: AsyncArgs) -> None:
    it = await about(desk, args, Act.DECIDE_PROMPTS)
    await still_choosing(desk, it)
    await put_up(desk, args, prompt_edit.view(it.click.press, it.named.prompt))


async def examine(desk: Desk, args: AsyncArgs) -> Mapping[str, str]:
    """The guards' sentences under the field; nothing that was written is lost."""
    edited, errors = prompt_edit.read(args.body["view"])
    if edited is None or edited.files:
        return errors
    it = await about(desk, args, Act.DECIDE_PROMPTS, edited.press)
    field, prompt = prompt_edit.field_of(args.body["view"]), edited.applied(it.named.prompt)
    if prompt.hash == it.named.prompt.hash:
        return {field: prompt_edit.SAME}
    refused = await by_hand.refusal(
        desk.store, desk.catalog.prices, it.click.migration.id, it.number, Candidate(target=it.target, prompt=prompt)
    )
    return {field: refused} if refused else {}


async def submitted(desk: Desk, args: AsyncArgs) -> None:
    edited, _ = prompt_edit.read(args.body["view"])
    if edited is None:
        return
    it = await about(desk, args, Act.DECIDE_PROMPTS, edited.press)
    await still_choosing(desk, it)
    prompt = by_hand.written(await _prompt(desk, edited, it), it.named.prompt, it.click.person.user)
    candidate = Candidate(target=it.target, prompt=prompt)
    await by_hand.add(desk.store, desk.engine, desk.catalog.prices, it.click.migration.id, it.number, candidate)
    await desk.move(it.click.migration.id)


async def _prompt(desk: Desk, edited: Edited, it: About) -> PromptVersion:
    """The texts of the form, or those of the file with the parameters that the form says."""
    base = edited.applied(it.named.prompt)
    if not edited.files:
        return base
    name, text = await uploads.read(desk, edited.files[0])
    found = imported(Source(text=text, name=name))
    if len(found) > 1:
        raise InputError(f"{name} holds {len(found)} prompts. Give a file with the one that shall be measured.")
    read = found[0].prompt
    return replace(base, system=read.system, user=read.user, turns=read.turns, syntax=read.syntax)


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("prompt_edit")(listener(desk, open_form))
    app.view(prompt_edit.CALLBACK)(examination(desk, examine, submitted))
