"""A candidate by hand: the form is examined by the guards before it closes; a file is read after, and answered in the thread."""

from collections.abc import Mapping
from dataclasses import replace

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent import prompts
from bot import uploads
from bot.access import Act
from bot.boundary import examination, listener
from bot.desk import Desk
from bot.listeners.portfolio import About, about, put_up, still_choosing
from bot.modals import prompt_edit
from bot.modals.prompt_edit import Edited
from pipeline.errors import InputError, RefusedError
from pipeline.prompts.importers import Imported, Source, imported
from pipeline.prompts.template import other_tag, refuse_other_tags
from pipeline.records import Edit, PromptVersion

BY_HAND = Edit(rule="by hand", reason="A person wrote it.", source="the audit record says who", lossless=False)
REFUSED = "The prompt is kept on the card, but it is not run."


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
    refused = await prompts.refused(desk.store, it.found.plan, it.target, prompt, desk.catalog.prices)
    return {field: refused} if refused else {}


async def submitted(desk: Desk, args: AsyncArgs) -> None:
    """What a guard refuses after all, such as a file's text, is kept with the reason, and the person is told."""
    edited, _ = prompt_edit.read(args.body["view"])
    if edited is None:
        return
    it = await about(desk, args, Act.DECIDE_PROMPTS, edited.press)
    await still_choosing(desk, it)
    prompt = replace(await _prompt(desk, edited, it), parent=it.named.prompt.hash, edits=(BY_HAND,))
    user, prices = it.click.person.user, desk.catalog.prices
    made = await prompts.edited(desk.store, desk.engine, it.found.plan, it.target, prompt, by=user, prices=prices)
    desk.outbox.nudge()
    if made.refusal:
        raise RefusedError(f"{REFUSED} {made.refusal}")


async def _prompt(desk: Desk, edited: Edited, it: About) -> PromptVersion:
    """The texts of the form, or those of the file with the parameters that the form says. Turns stay, unless a file has some."""
    base = edited.applied(it.named.prompt)
    if not edited.files:
        return base
    name, text = await uploads.read(desk, edited.files[0])
    found = _imported(Source(text=text, name=name), base)
    if len(found) > 1:
        raise InputError(f"{name} holds {len(found)} prompts. Give a file with the one that shall be measured.")
    read = found[0].prompt
    return replace(base, system=read.system, user=read.user, turns=read.turns or base.turns, syntax=read.syntax)


def _imported(source: Source, base: PromptVersion) -> tuple[Imported, ...]:
    """Where markers do not tell the syntax, it is that of the prompt that is edited; tags are text where it has some."""
    try:
        return imported(source)
    except InputError:
        found = imported(replace(source, syntax=base.syntax.value))
        for one in found if other_tag(base) is None else ():
            refuse_other_tags(one.prompt, source.name)
        return found


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("prompt_edit")(listener(desk, open_form))
    app.view(prompt_edit.CALLBACK)(examination(desk, examine, submitted))
