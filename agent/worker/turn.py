"""A turn on dev that a person asked for: the candidate of each proposal, guarded, run on all of dev, told in the thread."""

import asyncio
import json

from agent import arms, rounds, told, turns
from agent.engine import WorkKind
from agent.worker import asking, proposing
from agent.worker.tools import Tools
from db.codec import reader
from db.keys import round_card
from db.records import DatasetVersion, MessageKind, Plan, Turn
from pipeline.errors import FerryError
from pipeline.prompts.guards import check
from pipeline.prompts.rounds import Proposal, candidate
from pipeline.records import Candidate

READ = reader(Proposal)


async def take(tools: Tools, migration_id: str, number: str, turn: str) -> None:
    """Make and run the candidate of each proposal that was asked for; without one, the most promising of each target."""
    store = tools.store
    if not await tools.may_spend_on(migration_id):
        return
    if not await store.rounds.of(migration_id, int(number), int(turn)):
        await proposing.propose(tools, migration_id, number, turn)
    plan = await store.plans.get(migration_id, int(number))
    dataset = await rounds.worked_on(store, migration_id, plan.number)
    for each in await _asked(tools, plan, int(turn)):
        if not turns.is_made(each):
            await _make(tools, plan, dataset, each)
        await _run(tools, plan, dataset, each.id)
    await tools.conversation.advance(migration_id)


async def failed(tools: Tools, sentence: str, migration_id: str, number: str, turn: str) -> None:
    """The turn ends without a candidate, and says why."""
    store, plan = tools.store, await tools.store.plans.get(migration_id, int(number))
    if not await store.rounds.of(migration_id, plan.number, int(turn)):
        await store.rounds.propose([proposing.nothing(migration_id, plan.number, int(turn), sentence)])
    for each in await _asked(tools, plan, int(turn)):
        await store.rounds.made(each.id, None, refusal=sentence)
    await tools.conversation.advance(migration_id)


async def _asked(tools: Tools, plan: Plan, turn: int) -> list[Turn]:
    """The proposals named in the note of the decision that asked, else the first of each target; marked as asked for."""
    found = await tools.store.rounds.of(plan.migration_id, plan.number, turn)
    decision = await tools.store.questions.decision(plan.migration_id, turns.question(plan.number, turn - 1))
    named = set(decision.note.split()) if decision else set()
    first = {each.target: each for each in reversed(found)}
    chosen = [each for each in found if each.asked] or [each for each in found if each.id in named] or list(first.values())
    await tools.store.rounds.ask(*[each.id for each in chosen])
    return chosen


async def _make(tools: Tools, plan: Plan, dataset: DatasetVersion, turn: Turn) -> None:
    """The candidate of a proposal, or the sentence why there is none."""
    store, ask = tools.store, await asking.ask_for(tools, plan, dataset, turn.target)
    parent = await store.prompts.get(plan.migration_id, turn.parent)
    try:
        prompt = await candidate(READ(json.loads(turn.proposal)), parent, ask)
    except FerryError as error:
        await store.rounds.made(turn.id, None, refusal=error.message)
        return
    refusal = await asyncio.to_thread(check, prompt, ask)
    made = Candidate(target=turn.target, prompt=prompt, refusal=refusal)
    await store.prompts.add_candidate(plan.migration_id, plan.number, made)
    await store.rounds.made(turn.id, None if refusal else prompt.hash, refusal=refusal)


async def _run(tools: Tools, plan: Plan, dataset: DatasetVersion, turn_id: str) -> None:
    """The candidate of a turn on all of dev, also where its text fell out at an earlier rung; and the turn's message."""
    store, turn = tools.store, await tools.store.rounds.get(turn_id)
    migration = await store.migrations.get(plan.migration_id)
    await told.tell(store, migration, round_card(turn.id), MessageKind.ROUND, subject=turn.id)
    if turn.prompt_hash:
        prompt = await store.prompts.get(plan.migration_id, turn.prompt_hash)
        run = await store.runs.add(arms.candidate(plan, dataset, Candidate(target=turn.target, prompt=prompt)))
        await store.runs.extend(run.id, dataset.dev)
        await tools.engine.submit(WorkKind.RUN, run.id, run.id)
