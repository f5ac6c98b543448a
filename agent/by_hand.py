"""A candidate that a person wrote: what the guards say of it, and its run on all of dev."""

import asyncio
from dataclasses import replace

from agent import arms, rounds
from agent.engine import Engine, WorkKind
from db.store import Store
from pipeline.errors import InputError, RefusedError
from pipeline.models.prices import Price, Prices
from pipeline.prompts import guards
from pipeline.prompts.port import Ask
from pipeline.records import Candidate, Edit, PromptVersion, Split

METHOD = "by hand"
SAME = "This is word for word the candidate '{}'. Change something, or use that one."
MANY = 20
"""Candidates by hand for a target in a round; each is run on all of dev."""


def written(prompt: PromptVersion, parent: PromptVersion, by: str) -> PromptVersion:
    """`prompt` as a version of its own, made from `parent`; samples shown in it are those of its parent."""
    edit = Edit(rule=METHOD, reason="A person wrote it, starting from the prompt it names.", source=f"by {by}", lossless=False)
    return replace(prompt, method=METHOD, parent=parent.hash, edits=(edit,), shots=parent.shots)


async def refusal(store: Store, prices: Prices, migration_id: str, number: int, candidate: Candidate) -> str | None:
    """Why a prompt may not be run, gravest first; None when it may. Nothing is written."""
    known = [each for each in await store.prompts.candidates(migration_id, number) if each.target == candidate.target]
    same = next((each for each in known if each.prompt.hash == candidate.prompt.hash), None)
    if same is not None:
        return SAME.format(same.prompt.method)
    if sum(each.prompt.method == METHOD for each in known) >= MANY:
        return f"This round has {MANY} candidates by hand for this target. Use one of them, or ask for another round."
    ask = await _ask(store, prices, migration_id, number, candidate.target)
    found = await asyncio.to_thread(guards.refusals, candidate.prompt, ask)
    return " ".join(found) or None


async def add(store: Store, engine: Engine, prices: Prices, migration_id: str, number: int, candidate: Candidate) -> None:
    """Keep a prompt as a candidate and run it on all of dev. Raises RefusedError with the guards' sentences."""
    refused = await refusal(store, prices, migration_id, number, candidate)
    if refused is not None:
        raise RefusedError(refused)
    plan, dataset = await store.plans.get(migration_id, number), await rounds.worked_on(store, migration_id, number)
    await store.prompts.add_candidate(migration_id, number, candidate)
    run = await store.runs.add(arms.candidate(plan, dataset, candidate))
    await engine.submit(WorkKind.RUN, run.id, run.id)


async def _ask(store: Store, prices: Prices, migration_id: str, number: int, target: str) -> Ask:
    migration, plan = await store.migrations.get(migration_id), await store.plans.get(migration_id, number)
    dataset = await rounds.worked_on(store, migration_id, number)
    return Ask(
        prompt=await store.prompts.original(migration_id),
        target=target,
        use_case=migration.use_case,
        dev=await store.datasets.samples(dataset.id, Split.DEV),
        held_out=await store.datasets.samples(dataset.id, Split.TEST),
        constraints=plan.criteria.own_texts,
        price=_price(prices, target),
        source=plan.source,
    )


def _price(prices: Prices, ref: str) -> Price | None:
    try:
        return prices.of(ref)
    except InputError:
        return None
