"""What is written about prompts in a thread: the candidates, or a proposal to try one, to roll back, to do another round."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from agent import advpo, prompts
from agent.interpret import Intent, IntentKind
from bot import prompt_facts
from bot.access import Act
from bot.blocks.escape import literal
from bot.buttons import Press
from bot.cards.advpo import STOPPED, leaves
from bot.cards.kit import some
from bot.cards.note import Proposal
from bot.cards.prompts import prompt_lines
from bot.desk import Desk
from bot.faster import faster, faster_lines
from bot.listeners import prompt_advpo
from bot.listeners.guard import Click, decide
from bot.listeners.portfolio import NOT_NOW, asked
from bot.listeners.prompt_rounds import nothing, offered, proposed
from db.records import Migration, Question
from db.store import Store
from pipeline.errors import InputError
from pipeline.models.prices import Prices
from pipeline.records import Candidate

NONE_YET = "There are no prompt candidates yet: they are proposed once the source is measured."
CARD = "The prompts card in this thread has a button for each: *What changed*, *Try on a sample*, *All candidates*."
LOOKING = "Ferry still looks for what could be tried."
OWN_WORDS = "Press *Another round* under the prompts to write what you would change."
FASTER = "Shorter answers can be asked for in your own words too: *Another round* under the prompts."
FASTER_LATER = "A round can be asked for once all candidates are measured and the prompts are not accepted yet."
ADVPO_NONE = "None of the targets is on Bedrock, or not the one you named; Advanced Prompt Optimization is for these alone."
ADVPO_IDLE = "No optimisation is under way. The prompts card says what came of the last one."
ADVPO_WHICH = 'For which target? Name it, as in "optimise bedrock:MODEL-ID with advpo". There are:'
ONLY_ONE = "There is no earlier choice to go back to."
Said = str | Proposal
"""A sentence, or what a click confirms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wrote about the prompts of a migration's round `number`; `prices` are the operator's and the list's."""

    migration: Migration
    number: int
    intent: Intent
    prices: Prices


async def answer(store: Store, migration: Migration, intent: Intent, prices: Prices) -> Said:
    """What is said to an intent about prompts. Raises InputError for what cannot be."""
    number = await newest(store, migration.id)
    it = Asked(migration=migration, number=number, intent=intent, prices=prices)
    return await ANSWERS[intent.kind](store, it) if number else NONE_YET


async def newest(store: Store, migration_id: str) -> int:
    """The newest round that has candidates; 0 while none has."""
    plan = await store.plans.latest(migration_id)
    for number in range(plan.number if plan else 0, 0, -1):
        if await store.prompts.candidates(migration_id, number):
            return number
    return 0


async def names(store: Store, migration_id: str) -> tuple[str, ...]:
    """The methods of the newest round's candidates, for the interpreter to know them by."""
    number = await newest(store, migration_id)
    found = await store.prompts.candidates(migration_id, number) if number else ()
    return tuple(dict.fromkeys(each.prompt.method for each in found if each.refusal is None))


async def _show(store: Store, it: Asked) -> Said:
    return "\n".join([*prompt_lines(await prompt_facts.prompts(store, it.migration.id, it.number, it.prices)), CARD])


async def _try(store: Store, it: Asked) -> Said:
    candidates = [each for each in await store.prompts.candidates(it.migration.id, it.number) if each.refusal is None]
    found = next((each for each in candidates if _is(each, it.intent.prompt)), None)
    if found is None or it.intent.sample is None:
        known = some([literal(each.prompt.method, 60) for each in candidates], 10)
        return f'Which prompt, and which sample of dev? Write, for example, "try family rules on SAMPLE-ID". There are: {known}.'
    sentence = f"Try {found.prompt.method} for {found.target} on sample {it.intent.sample}? It is one call."
    return Proposal(
        kind="try_prompt", value="\n".join((str(it.number), found.target, found.prompt.hash, it.intent.sample)), sentence=sentence
    )


def _is(candidate: Candidate, named: str | None) -> bool:
    return named is not None and (
        candidate.prompt.method.casefold() == named.casefold() or candidate.prompt.hash.startswith(named)
    )


async def _back(store: Store, it: Asked) -> Said:
    """To the choice before the newest one; of all targets, the one that was chosen for last."""
    await _asked(store, it.migration.id, it.number)
    choices = await store.prompts.choices(it.migration.id, it.number)
    last = max((each for each in choices if each.turn > 1), key=lambda each: each.at, default=None)
    if last is None:
        return ONLY_ONE
    before = next(each for each in choices if (each.target, each.turn) == (last.target, last.turn - 1))
    method = (await store.prompts.get(it.migration.id, before.prompt_hash)).method
    sentence = f"Go back to {method} ({before.prompt_hash[:8]}) for {last.target}?"
    return Proposal(kind="roll_back", value="\n".join((str(it.number), last.target, before.prompt_hash)), sentence=sentence)


async def _round(store: Store, it: Asked) -> Said:
    question = await _asked(store, it.migration.id, it.number)
    press = Press(migration=it.migration.id, question=question.key)
    first = next(iter(await proposed(store, press)), None)
    if first is None:
        return f"{await nothing(store, press) or LOOKING} {OWN_WORDS}"
    sentence = f"Do another round on dev with this? {first.technique}: {first.sentence}"
    return Proposal(kind="another_round", value=f"{it.number}\n{first.id}", sentence=sentence)


async def _faster(store: Store, it: Asked) -> Said:
    """What makes the targets faster; a round of shorter answers is a click away on the card, since it is one of several ways."""
    question = await asked(store, it.migration.id, it.number)
    press = Press(migration=it.migration.id, question=question.key if question else f"prompts:{it.number}")
    found, offers = await prompt_facts.round_of(store, it.migration.id, it.number), await proposed(store, press)
    told = [await faster(store, found, place, it.prices, offers) for place in range(len(found.plan.targets))]
    said = [line for each in told for line in faster_lines(each)]
    offer = next((each.offer for each in told if each.offer), None)
    if question is None or offer is None:
        return "\n".join([*said, FASTER if question else FASTER_LATER])
    sentence = f"Do a round of shorter answers on dev for {offer.target}? {offer.sentence}"
    return Proposal(kind="another_round", value=f"{it.number}\n{offer.id}", sentence=sentence, told="\n".join(said))


async def _optimize(store: Store, it: Asked) -> Said:
    found = await prompt_facts.prompts(store, it.migration.id, it.number, it.prices, advpo=True)
    fits = [each for each in found.targets if advpo.may_be_asked(each.target) and it.intent.target in {None, each.target}]
    if not fits:
        return ADVPO_NONE
    if len(fits) > 1:
        return f"{ADVPO_WHICH} {some([literal(each.target, 100) for each in fits], 5)}."
    sentence = f"Ask Bedrock's Advanced Prompt Optimization to rewrite the prompt for {fits[0].target}? {leaves(fits[0].advpo)}"
    return Proposal(kind="optimize", value=f"{it.number}\n{fits[0].target}", sentence=sentence)


async def _stop_optimizing(store: Store, it: Asked) -> Said:
    jobs = [
        each
        for each in await store.advpo.of(it.migration.id, it.number)
        if each.is_open and it.intent.target in {None, each.target}
    ]
    if not jobs:
        return ADVPO_IDLE
    if len(jobs) > 1:
        return f"{ADVPO_WHICH} {some([literal(each.target, 100) for each in jobs], 5)}."
    sentence = f"Stop the optimisation for {jobs[0].target}? {STOPPED}"
    return Proposal(kind="stop_optimizing", value=f"{it.number}\n{jobs[0].target}", sentence=sentence)


async def _asked(store: Store, migration_id: str, number: int) -> Question:
    question = await asked(store, migration_id, number)
    if question is None:
        raise InputError(NOT_NOW)
    return question


async def try_prompt(desk: Desk, click: Click, value: str) -> None:
    number, target, prompt_hash, sample_id = value.split("\n", 3)
    plan = await desk.store.plans.get(click.migration.id, int(number))
    by, at = click.person.user, desk.clock()
    await prompts.tried(desk.store, desk.engine, plan, target, prompt_hash, sample_id=sample_id, by=by, at=at)


async def roll_back(desk: Desk, click: Click, value: str) -> None:
    number, target, prompt_hash = value.split("\n", 2)
    plan, by = await desk.store.plans.get(click.migration.id, int(number)), click.person.user
    await prompts.choose(desk.store, desk.engine, plan, target, prompt_hash, by=by, reason="Back to an earlier choice.")


async def optimize(desk: Desk, click: Click, value: str) -> None:
    number, _, target = value.partition("\n")
    await prompt_advpo.asked(desk, click, await desk.store.plans.get(click.migration.id, int(number)), target)


async def stop_optimizing(desk: Desk, click: Click, value: str) -> None:
    number, _, target = value.partition("\n")
    await prompt_advpo.stopped(desk, click, await desk.store.plans.get(click.migration.id, int(number)), target)


async def another_round(desk: Desk, click: Click, value: str) -> None:
    """As the form does it: which turn is asked for, then the decision."""
    number, _, turn_id = value.partition("\n")
    question = await _asked(desk.store, click.migration.id, int(number))
    press = Press(migration=click.migration.id, question=question.key, answer="round")
    turn = await offered(desk.store, press, turn_id)
    again = Click(person=click.person, press=press, migration=click.migration)
    await decide(desk, again, note=turn.sentence, turn=turn.id)


ANSWERS: Mapping[IntentKind, Callable[[Store, Asked], Awaitable[Said]]] = {
    IntentKind.SHOW_PROMPTS: _show,
    IntentKind.TRY_PROMPT: _try,
    IntentKind.ROLL_BACK: _back,
    IntentKind.ANOTHER_ROUND: _round,
    IntentKind.FASTER: _faster,
    IntentKind.OPTIMIZE: _optimize,
    IntentKind.STOP_OPTIMIZING: _stop_optimizing,
}
ACTS = {
    "try_prompt": Act.TRY_PROMPT,
    **dict.fromkeys(("roll_back", "another_round", "optimize", "stop_optimizing"), Act.DECIDE_PROMPTS),
}
DOES: Mapping[str, Callable[[Desk, Click, str], Awaitable[None]]] = {
    "try_prompt": try_prompt,
    "roll_back": roll_back,
    "another_round": another_round,
    "optimize": optimize,
    "stop_optimizing": stop_optimizing,
}
