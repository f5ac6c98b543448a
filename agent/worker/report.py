"""The report of a round: everything behind its verdicts, built once, written into every format, bound by its hash."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version

from agent import arms, rounds
from agent.state import State
from agent.worker.tools import Tools
from db.records import Choice, DatasetVersion, Migration, Plan, Run, StoredReport
from db.store import Store
from pipeline.records import Split
from pipeline.report.records import Arm, DevChoice, Preferences, Provenance, Report, ReportInputs

LIBRARIES = ("ferry", "numpy", "sacrebleu", "scipy")


async def report(tools: Tools, migration_id: str, number: str) -> None:
    store, migration = tools.store, await tools.store.migrations.get(migration_id)
    latest = await store.reports.latest(migration_id)
    if latest is None or latest.number < int(number):
        plan = await store.plans.get(migration_id, int(number))
        inputs = await _inputs(tools, migration, plan)
        await store.reports.add(await asyncio.to_thread(_write, tools, plan, inputs))
    await tools.conversation.advance(migration_id)


def _write(tools: Tools, plan: Plan, inputs: ReportInputs) -> StoredReport:
    from pipeline import report as formats
    from pipeline.report.build import build
    from pipeline.report.storage import dumps

    built: Report = build(inputs)
    folder = tools.places.files / "reports" / plan.migration_id / str(plan.number)
    names = tuple(path.relative_to(tools.places.files).as_posix() for path in formats.write(built, folder))
    return StoredReport(migration_id=plan.migration_id, number=plan.number, hash=built.hash, json=dumps(built), files=names)


async def _inputs(tools: Tools, migration: Migration, plan: Plan) -> ReportInputs:
    store = tools.store
    dataset = await rounds.worked_on(store, migration.id)
    runs = await store.runs.listed(migration.id, stage=arms.targets_stage(plan.number))
    return ReportInputs(
        title=migration.name,
        use_case=migration.use_case.value,
        criteria=plan.criteria,
        samples=await tools.shelf.samples(dataset.id, Split.TEST),
        source=await store.runs.result((await rounds.source_run(store, migration.id, dataset.id)).id),
        source_prompt=await store.prompts.original(migration.id),
        arms=tuple([await _arm(store, run) for target in plan.targets for run in runs if run.key.model == target]),
        dev=await _dev(store, plan, dataset),
        preferences=await _preferences(store, plan, runs),
        provenance=await _provenance(store, plan, dataset),
    )


async def _arm(store: Store, run: Run) -> Arm:
    prompt = await store.prompts.get(run.migration_id, run.key.prompt_hash)
    return Arm(target=run.key.model, bar=run.label, prompt=prompt, result=await store.runs.result(run.id))


async def _dev(store: Store, plan: Plan, dataset: DatasetVersion) -> tuple[DevChoice, ...]:
    """What each winner was chosen from; refused candidates keep their reason."""
    state: State = {"migration_id": plan.migration_id, "number": plan.number, "dataset_id": dataset.id}
    winners = await rounds.dev_winners(store, state)
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
        )
        found.append(choice)
    return tuple(found)


async def _preferences(store: Store, plan: Plan, runs: tuple[Run, ...]) -> tuple[Preferences, ...]:
    """What SMEs said, turned from A and B into winner against source."""
    targets: Mapping[str, str] = {run.id: run.key.model for run in runs}
    said: Counter[tuple[str, str]] = Counter()
    for assignment, preference in await store.reviews.preferences(plan.migration_id, plan.number):
        winner_first = assignment.run_a in targets
        target = targets[assignment.run_a if winner_first else assignment.run_b]
        if preference.choice is Choice.SAME:
            said[target, "same"] += 1
        else:
            said[target, "better" if (preference.choice is Choice.A) == winner_first else "worse"] += 1
    judged = [target for target in plan.targets if any(t == target for t, _ in said)]
    return tuple(Preferences(target=t, better=said[t, "better"], same=said[t, "same"], worse=said[t, "worse"]) for t in judged)


async def _provenance(store: Store, plan: Plan, dataset: DatasetVersion) -> Provenance:
    decision = await store.questions.decision(plan.migration_id, f"plan:{plan.number}")
    approved = f", approved by {decision.by} at {decision.at:%Y-%m-%d %H:%M} UTC" if decision else ""
    return Provenance(
        dataset_name=dataset.source_name,
        dataset_hash=dataset.hash,
        dev=dataset.dev,
        test=dataset.test,
        criteria_hash=plan.criteria.hash,
        plan=f"Plan {plan.number}{approved}",
        versions={name: version(name) for name in LIBRARIES},
    )
