"""What people do to prompts while they are asked to accept them: choose, edit, try, keep or revert. Each writes a fact.

Every function raises RefusedError, with the way out, once the prompts of the number are accepted.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

from agent import arms, rounds, turns
from agent.engine import Engine, WorkKind
from db.records import Attempt, Plan, QuestionKind, Turn
from db.store import Store
from pipeline.errors import RefusedError
from pipeline.models.prices import Prices, known
from pipeline.prompts.guards import check, refusals
from pipeline.prompts.port import Ask
from pipeline.records import Candidate, PromptVersion, Split

BY_HAND = "by hand"
ONE_LOOK = (
    "There is no such sample in dev. Only dev samples can be tried: test is looked at once, and drives the verdict. "
    "Leave the sample empty to try the first one of dev."
)


async def choose(store: Store, engine: Engine, plan: Plan, target: str, prompt_hash: str, *, by: str, reason: str = "") -> bool:
    """Use this candidate for a target, also one that was chosen before or that fell out; its run then covers all of dev.

    False when it is chosen already. RefusedError for one that a guard refused.
    """
    await _still_asked(store, plan)
    chosen = await store.prompts.choose(plan.migration_id, plan.number, target, prompt_hash, reason or "Chosen by hand.", by=by)
    await _run_chosen(store, engine, plan, target, prompt_hash)
    return chosen


async def edited(
    store: Store, engine: Engine, plan: Plan, target: str, prompt: PromptVersion, *, by: str, prices: Prices | None = None
) -> Candidate:
    """A prompt that a person wrote: guarded, kept as a candidate, and run on all of dev where it may be.

    `prompt` has its parent set. The candidate's `refusal` is the guard's sentence.
    """
    await _still_asked(store, plan)
    ask = await ask_for(store, plan, target, prices)
    made = replace(prompt, method=BY_HAND)
    candidate = Candidate(target=target, prompt=made, refusal=await asyncio.to_thread(check, made, ask))
    await store.prompts.add_candidate(plan.migration_id, plan.number, candidate, by=by)
    if candidate.refusal is None:
        await _run(store, engine, plan, candidate)
    return candidate


async def refused(store: Store, plan: Plan, target: str, prompt: PromptVersion, prices: Prices | None = None) -> str | None:
    """Every reason against a prompt that a person is writing, gravest first; None when it could be run. Writes nothing."""
    await _still_asked(store, plan)
    known = [each for each in await store.prompts.candidates(plan.migration_id, plan.number) if each.target == target]
    same = next((each.prompt.method for each in known if each.prompt.hash == prompt.hash), None)
    if same is not None:
        return f"This is word for word the candidate '{same}'. Change something, or use that one."
    ask = await ask_for(store, plan, target, prices)
    return " ".join(await asyncio.to_thread(refusals, prompt, ask)) or None


async def tried(
    store: Store, engine: Engine, plan: Plan, target: str, prompt_hash: str, *, sample_id: str = "", by: str, at: datetime
) -> Attempt:
    """Have one candidate answer one dev sample, by default the first that it does not show; told in the thread once it did.

    Never a test sample.
    """
    await _still_asked(store, plan)
    shown = (await store.prompts.get(plan.migration_id, prompt_hash)).shots
    dataset = await rounds.worked_on(store, plan.migration_id, plan.number)
    dev = [sample.id for sample in await store.datasets.samples(dataset.id, Split.DEV)]
    wanted = sample_id.strip() or next((each for each in dev if each not in shown), dev[0])
    if wanted not in dev:
        raise RefusedError(ONE_LOOK)
    asked = Attempt(
        id=arms.short_id(plan.migration_id, "try", plan.number, target, prompt_hash, wanted, at.isoformat()),
        migration_id=plan.migration_id,
        number=plan.number,
        target=target,
        prompt_hash=prompt_hash,
        sample_id=wanted,
        by=by,
        at=at,
    )
    asked = await store.tries.ask(asked)
    await engine.submit(WorkKind.TRY, asked.id, asked.id)
    return asked


async def kept(store: Store, engine: Engine, plan: Plan, turn: Turn, *, by: str) -> bool:
    """Use what a turn brought; False when somebody said already whether it is kept."""
    await _still_asked(store, plan)
    if turn.prompt_hash is None:
        raise RefusedError(f"This turn brought no prompt to keep. {turn.refusal or 'It is still being made.'}")
    if not await store.rounds.keep(turn, kept=True, by=by, reason=f"Kept after turn {turn.turn}: {turn.technique}."):
        return False
    await _run_chosen(store, engine, plan, turn.target, turn.prompt_hash)
    return True


async def reverted(store: Store, engine: Engine, plan: Plan, turn: Turn, *, by: str) -> bool:
    """Do without what a turn brought; where its prompt was chosen, the one before it is again. False as in `kept`."""
    await _still_asked(store, plan)
    if not await store.rounds.keep(turn, kept=False, by=by, reason=f"Turn {turn.turn} was reverted."):
        return False
    selected = await store.prompts.selected(plan.migration_id, plan.number)
    if selected.get(turn.target) == turn.parent:
        await _run_chosen(store, engine, plan, turn.target, turn.parent)
    return True


async def ask_for(store: Store, plan: Plan, target: str, prices: Prices | None = None) -> Ask:
    """What the guards hold a prompt against."""
    dataset = await rounds.worked_on(store, plan.migration_id, plan.number)
    migration = await store.migrations.get(plan.migration_id)
    return Ask(
        prompt=await store.prompts.original(plan.migration_id),
        target=target,
        use_case=migration.use_case,
        dev=await store.datasets.samples(dataset.id, Split.DEV),
        held_out=await store.datasets.samples(dataset.id, Split.TEST),
        constraints=plan.criteria.own_texts,
        most_usd=plan.criteria.most_usd,
        price=known([target], prices).get(target),
        source=plan.source,
    )


async def _still_asked(store: Store, plan: Plan) -> None:
    """Raises RefusedError unless the graph waits at the prompts of this number and nobody has answered."""
    await store.questions.check_open(plan.migration_id, QuestionKind.PROMPTS, str(plan.number))


async def _run_chosen(store: Store, engine: Engine, plan: Plan, target: str, prompt_hash: str) -> None:
    """On all of dev; and what the next turn could try with it is looked for."""
    prompt = await store.prompts.get(plan.migration_id, prompt_hash)
    await _run(store, engine, plan, Candidate(target=target, prompt=prompt))
    turn = str(await turns.asked(store, plan.migration_id, plan.number) + 1)
    key = f"{plan.migration_id}:{plan.number}:{turn}"
    await engine.submit(WorkKind.PROPOSE, key, plan.migration_id, str(plan.number), turn)


async def _run(store: Store, engine: Engine, plan: Plan, candidate: Candidate) -> None:
    dataset = await rounds.worked_on(store, plan.migration_id, plan.number)
    run = await store.runs.add(arms.candidate(plan, dataset, candidate))
    await store.runs.extend(run.id, dataset.dev)
    await engine.submit(WorkKind.RUN, run.id, run.id)
