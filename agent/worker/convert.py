"""Prompt candidates for every target of a round, and their runs on dev. Here and not in a node: a method may call a provider."""

import asyncio

from agent import arms, rounds, told
from agent.engine import WorkKind
from agent.worker import asking
from agent.worker.tools import Tools
from db.records import DatasetVersion, MessageKind, Plan
from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.records import Candidate


async def convert(tools: Tools, migration_id: str, number: str) -> None:
    store, migration = tools.store, await tools.store.migrations.get(migration_id)
    if not await tools.may_spend_on(migration_id):
        return
    plan = await store.plans.get(migration_id, int(number))
    dataset = await rounds.worked_on(store, migration_id, plan.number)
    if not await store.prompts.candidates(migration_id, plan.number):
        await store.prompts.add_candidates(migration_id, plan.number, await _propose(tools, plan, dataset))
    candidates = await store.prompts.candidates(migration_id, plan.number)
    key, untried = told.prompts_key(migration_id, plan.number), canonical_json(await _untried(tools, plan, dataset))
    await told.tell(store, migration, key, MessageKind.PROMPTS, subject=str(plan.number), body=untried)
    _some_for_each(plan, candidates)
    for run in arms.candidates(plan, dataset, candidates):
        await store.runs.add(run)
        await tools.engine.submit(WorkKind.RUN, run.id, run.id)
    await tools.conversation.advance(migration_id)


async def _propose(tools: Tools, plan: Plan, dataset: DatasetVersion) -> list[Candidate]:
    from pipeline.prompts.methods import candidates

    proposed: list[Candidate] = []
    for target in plan.targets:
        found = await candidates(await asking.ask_for(tools, plan, dataset, target))
        proposed.extend(Candidate(target=c.target, prompt=c.prompt, refusal=c.refusal) for c in found)
    return proposed


async def _untried(tools: Tools, plan: Plan, dataset: DatasetVersion) -> dict[str, tuple[str, ...]]:
    """The methods that do not apply to a target, each with the reason, for the card."""
    from pipeline.prompts.methods import untried

    asks = {target: await asking.ask_for(tools, plan, dataset, target) for target in plan.targets}
    found = {target: await asyncio.to_thread(untried, ask) for target, ask in asks.items()}
    return {target: tuple(map(asking.in_slack, said)) for target, said in found.items() if said}


def _some_for_each(plan: Plan, candidates: tuple[Candidate, ...]) -> None:
    for target in plan.targets:
        refusals = [c.refusal for c in candidates if c.target == target and c.refusal is not None]
        if len(refusals) == sum(c.target == target for c in candidates):
            why = refusals[0] if refusals else "No method applies to it."
            way = "Start again with a prompt that can be carried over (/migrate again), or leave this target out."
            raise InputError(f"No prompt for {target} passed the guards. {why} {way}")
