"""The search for a better prompt of one target, where there is a model to write prompts and a gap to close."""

from dataclasses import replace

from agent import narrowing, rounds
from agent.worker import asking
from agent.worker.tools import Tools
from db.records import DatasetVersion, Improvement, JobState, Plan
from pipeline.decide.selection import choose, standings
from pipeline.records import Split

FEWEST = 30
"""Samples of dev below which a search would learn them by heart."""
NO_WRITER = (
    "No search for a better prompt: no model that may write prompts is set. Name a judge in the plan, or set FERRY_WRITER."
)


async def improve(tools: Tools, migration_id: str, number: str, target: str) -> None:
    """Search, or say why not; what ended already only moves the migration."""
    plan = await tools.store.plans.get(migration_id, int(number))
    now = await _of(tools, plan, target)
    if now.state in {JobState.QUEUED, JobState.RUNNING}:
        dataset = await rounds.worked_on(tools.store, migration_id, plan.number)
        why_not = await _why_not(tools, plan, dataset, target)
        await tools.store.improvements.spent(replace(now, state=JobState.DONE, note=why_not or ""))
    await tools.conversation.advance(migration_id)


async def failed(tools: Tools, sentence: str, migration_id: str, number: str, target: str) -> None:
    """The migration goes on with the candidates there are; the note says what happened."""
    now = await _of(tools, await tools.store.plans.get(migration_id, int(number)), target)
    note = f"The search for a better prompt ended early. {sentence}"
    await tools.store.improvements.spent(replace(now, state=JobState.FAILED, note=note))
    await tools.conversation.advance(migration_id)


async def _of(tools: Tools, plan: Plan, target: str) -> Improvement:
    begun = {each.target: each for each in await tools.store.improvements.of(plan.migration_id, plan.number)}
    return begun.get(target) or Improvement(migration_id=plan.migration_id, number=plan.number, target=target)


async def _why_not(tools: Tools, plan: Plan, dataset: DatasetVersion, target: str) -> str | None:
    """None where a search is worth its calls."""
    if not asking.writer_ref(tools, plan):
        return NO_WRITER
    if dataset.dev < FEWEST:
        return f"No search for a better prompt: dev has {dataset.dev} samples, and a search needs at least {FEWEST}."
    finalists = [result for _, result in await narrowing.finalists(tools.store, plan, target)]
    run = await rounds.source_run(tools.store, plan.migration_id, dataset.id, Split.DEV)
    source = await tools.store.runs.result(run.id)
    best = choose(finalists, plan.criteria)
    winner = next(result for result in finalists if result.key.prompt_hash == best.prompt_hash)
    ours, theirs = standings([winner, source], plan.criteria)
    margin = min(choice.margin for choice in plan.criteria.primary)
    if (theirs.mean or 0.0) - (ours.mean or 0.0) <= margin:
        return (
            f"No search for a better prompt: on dev the best candidate has {ours.mean or 0.0:.3f} and the source "
            f"{theirs.mean or 0.0:.3f}, a gap within the margin of {margin:g}."
        )
    return None
