"""What a round's report is made from, gathered from the facts."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from agent import arms, rounds
from agent.state import State
from agent.worker.report.cells import evidence
from agent.worker.report.people import Compared, opinions, preferences, reviewed
from agent.worker.report.progress import Progress
from agent.worker.report.whole import whole
from agent.worker.tools import Tools
from db.records import DatasetVersion, Migration, Plan, Run, StoredReport
from db.store import Store
from pipeline.decide.calibrate import agreements
from pipeline.decide.errors import group_failures
from pipeline.models.prices import known
from pipeline.records import Criteria, ErrorGroup, PromptVersion, RunResult, Sample
from pipeline.report.records import SOURCE, DevChoice, Given, Provenance, quoted_of, same_label

LIBRARIES = ("ferry", "numpy", "sacrebleu", "scipy")
JUDGE_LIBRARIES = ("deepeval", "ragas")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a report follows from, and where the texts it quotes are: the dataset version, and the runs by label."""

    given: Given
    progress: Progress
    dataset_id: str
    runs: Mapping[str, Run]


async def report_inputs(tools: Tools, migration: Migration, plan: Plan, earlier: StoredReport | None) -> Inputs:
    """`earlier` is the report that was made before this one: then the test split is being looked at again."""
    store = tools.store
    dataset = await rounds.worked_on(store, migration.id, plan.number)
    after = await store.runs.listed(migration.id, stage=arms.targets_stage(plan.number))
    compared = [Compared(run=run) for target in plan.targets for run in after if run.key.model == target]
    runs = {SOURCE: await rounds.source_run(store, migration.id, dataset.id), **{each.label: each.run for each in compared}}
    if len(runs) <= len(compared):
        raise same_label()
    progress = Progress(store=store, migration=migration, number=plan.number, samples=dataset.test)
    cells = await evidence(store, plan.criteria, dataset.id, runs, progress.read)
    said = await opinions(store, plan, after)
    texts = await whole(store, dataset.id, cells.samples, runs, {each.sample_id for those in said.values() for each in those})
    source, results = texts.runs[SOURCE], {label: run for label, run in texts.runs.items() if label != SOURCE}
    given = Given(
        title=migration.name,
        use_case=migration.use_case.value,
        criteria=plan.criteria,
        prompts=await _prompts(store, migration.id, compared),
        evidence=cells,
        dev=await _dev(tools, plan, dataset),
        preferences=preferences(said, plan.targets),
        provenance=await _provenance(store, plan, dataset),
        monthly_calls=plan.monthly_calls,
        prices=known(_refs(plan), tools.catalog.prices),
        agreements=await asyncio.to_thread(agreements, plan.criteria, texts.samples, source, reviewed(compared, results, said)),
        error_groups=await asyncio.to_thread(_error_groups, plan.criteria, texts.samples, source, compared, results),
        second_look=await _second_look(store, plan, earlier),
        quoted=quoted_of(cells),
        grouped=texts.grouped,
    )
    return Inputs(given=given, progress=progress, dataset_id=dataset.id, runs=runs)


async def _prompts(store: Store, migration_id: str, compared: Sequence[Compared]) -> Mapping[str, PromptVersion]:
    found = {SOURCE: await store.prompts.original(migration_id)}
    return found | {each.label: await store.prompts.get(migration_id, each.run.key.prompt_hash) for each in compared}


def _refs(plan: Plan) -> tuple[str, ...]:
    """Every model the report prices: source, targets and judges."""
    judge = plan.criteria.judge
    return (plan.source, *plan.targets, *((judge.model, *judge.panel) if judge else ()))


def _error_groups(
    criteria: Criteria,
    samples: tuple[Sample, ...],
    source: RunResult,
    compared: Sequence[Compared],
    results: Mapping[str, RunResult],
) -> tuple[ErrorGroup, ...]:
    """The failures of each winner, beside all other runs over the same samples."""
    runs = list(results.values())
    return tuple(
        group
        for arm in compared
        if arm.claimed
        for group in group_failures(samples, source, results[arm.label], criteria, others=runs, name=arm.label)
    )


async def _dev(tools: Tools, plan: Plan, dataset: DatasetVersion) -> tuple[DevChoice, ...]:
    """What each winner was chosen from; refused candidates keep their reason."""
    from pipeline.report.figures.tradeoff import config

    store = tools.store
    state: State = {"migration_id": plan.migration_id, "number": plan.number, "dataset_id": dataset.id}
    winners = await rounds.dev_winners(store, state, tools.catalog.prices)
    selected = await store.prompts.selected(plan.migration_id, plan.number)
    figures = {(target, s.prompt_hash): s for target, selection in winners.items() for s in selection.table}
    found = []
    for candidate in await store.prompts.candidates(plan.migration_id, plan.number):
        standing = figures.get((candidate.target, candidate.prompt.hash))
        choice = DevChoice(
            target=candidate.target,
            label=candidate.prompt.method,
            scored=standing.n - standing.missing if standing else 0,
            mean=standing.mean if standing else None,
            chosen=candidate.refusal is None and selected.get(candidate.target) == candidate.prompt.hash,
            refusal=candidate.refusal,
            scores=standing.scores if standing else {},
            config=config(candidate.prompt.parameters),
        )
        found.append(choice)
    return tuple(found)


async def _second_look(store: Store, plan: Plan, earlier: StoredReport | None) -> str:
    """Why the test split is looked at again, as it was recorded; empty at the first look."""
    if earlier is None:
        return ""
    decision = await rounds.asked_change(store, plan.migration_id, plan.number - 1)
    asked = f" Changes were asked for by {decision.by} at {decision.at:%Y-%m-%d %H:%M} UTC" if decision else ""
    note = f": “{' '.join(decision.note.split())}”." if decision and decision.note else "." if asked else ""
    return f"report {earlier.number} ({earlier.hash[:16]}) was made from it.{asked}{note}"


async def _provenance(store: Store, plan: Plan, dataset: DatasetVersion) -> Provenance:
    decision = await store.questions.decision(plan.migration_id, f"plan:{plan.number}")
    approved = f", approved by {decision.by} at {decision.at:%Y-%m-%d %H:%M} UTC" if decision else ""
    libraries = (*LIBRARIES, *(JUDGE_LIBRARIES if plan.criteria.judge else ()))
    return Provenance(
        dataset_name=dataset.source_name,
        dataset_hash=dataset.hash,
        dev=dataset.dev,
        test=dataset.test,
        criteria_hash=plan.criteria.hash,
        plan=f"Plan {plan.number}{approved}",
        versions={name: version(name) for name in libraries},
    )
