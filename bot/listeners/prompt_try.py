"""A candidate on one sample of dev because a person asked: the answer comes in the thread and counts nowhere."""

from collections.abc import Mapping

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent import prompts
from bot.access import Act
from bot.boundary import examination, listener
from bot.desk import Desk
from bot.listeners.portfolio import UNKNOWN, About, about, not_paused, put_up, still_choosing
from bot.modals import prompt_try
from bot.modals.prompt_try import Offered, Tried
from bot.prompt_facts import input_text
from pipeline.errors import InputError
from pipeline.records import Sample, Split

NO_DEV = "There is no dataset yet, so there is no sample to try it on. Drop the file into this thread."
NOT_DEV = "'{}' is no sample of dev. Test samples are looked at once, at the end; the list above has samples of dev."


async def open_form(desk: Desk, args: AsyncArgs) -> None:
    it = await about(desk, args, Act.TRY_PROMPT)
    await not_paused(desk, it)
    await still_choosing(desk, it)
    named = [
        (each.prompt.hash, f"{each.prompt.method} ({each.prompt.hash[:8]})")
        for each in it.found.of(it.target)
        if not each.refusal
    ]
    chosen = it.found.chosen(it.target)
    used = it.candidate.prompt.hash if it.candidate else chosen[-1].prompt_hash if chosen else ""
    if not named:
        raise InputError(UNKNOWN)
    shown = next((each.prompt.shots for each in it.found.of(it.target) if each.prompt.hash == used), ())
    samples = [Offered(sample_id=s.id, words=" ".join(input_text(s).split()), shown=s.id in shown) for s in await _dev(desk, it)]
    await put_up(desk, args, prompt_try.view(it.click.press, named, used, samples))


async def examine(desk: Desk, args: AsyncArgs) -> Mapping[str, str]:
    """What is missing at its field; an id that is no sample of dev among it."""
    wanted, errors = prompt_try.read(args.body["view"])
    if wanted is None or not wanted.sample_id:
        return errors
    it = await about(desk, args, Act.TRY_PROMPT, wanted.press)
    known = _sample(await _dev(desk, it), wanted)
    return {} if known else {"id": NOT_DEV.format(wanted.sample_id[:80])}


async def submitted(desk: Desk, args: AsyncArgs) -> None:
    wanted, _ = prompt_try.read(args.body["view"])
    if wanted is None:
        return
    it = await about(desk, args, Act.TRY_PROMPT, wanted.press)
    await not_paused(desk, it)
    sample = _sample(await _dev(desk, it), wanted)
    if sample is None or wanted.prompt_hash not in {each.prompt.hash for each in it.found.of(it.target)}:
        raise InputError(NOT_DEV.format(wanted.sample_id[:80]))
    by, at = it.click.person.user, desk.clock()
    await prompts.tried(desk.store, desk.engine, it.found.plan, it.target, wanted.prompt_hash, sample_id=sample.id, by=by, at=at)
    desk.outbox.nudge()


async def _dev(desk: Desk, it: About) -> tuple[Sample, ...]:
    if it.found.dataset is None:
        raise InputError(NO_DEV)
    return await desk.store.datasets.samples(it.found.dataset.id, Split.DEV)


def _sample(dev: tuple[Sample, ...], wanted: Tried) -> Sample | None:
    if wanted.sample_id:
        return next((sample for sample in dev if sample.id == wanted.sample_id), None)
    return dev[wanted.place] if wanted.place is not None and wanted.place < len(dev) else None


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("prompt_try")(listener(desk, open_form))
    app.view(prompt_try.CALLBACK)(examination(desk, examine, submitted))
