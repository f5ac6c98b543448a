"""Reads of a round's facts, put together the way nodes and work need them. Writes nothing but what a decision asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent import arms, corrections, measured, planning
from agent.review import Judged
from agent.revision import revised
from agent.state import State
from db.records import DatasetVersion, Decision, Plan, PlanChange, Run, RunStatus
from db.store import Store
from pipeline.errors import InputError
from pipeline.prompts.template import render, variables
from pipeline.records import Candidate, Criteria, PromptVersion, RunResult, Sample, Split

if TYPE_CHECKING:
    from pipeline.decide.selection import Selection
    from pipeline.models.catalog import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFacts:
    """What a round works with; `candidates` is empty until prompts are proposed."""

    plan: Plan
    dataset: DatasetVersion
    original: PromptVersion
    candidates: tuple[Candidate, ...]


async def facts(store: Store, state: State) -> RoundFacts:
    migration_id, number = state["migration_id"], state["number"]
    return RoundFacts(
        plan=await store.plans.get(migration_id, number),
        dataset=await store.datasets.get(state["dataset_id"]),
        original=await store.prompts.original(migration_id),
        candidates=await store.prompts.candidates(migration_id, number),
    )


async def next_plan(store: Store, migration_id: str, number: int, catalog: "Catalog") -> tuple[Plan, DatasetVersion]:
    """The plan after plan `number` (0: none yet) over the newest dataset version, with all that SMEs corrected."""
    dataset = await corrections.apply(store, migration_id)
    if dataset is None:
        raise InputError("There is no dataset yet. Drop the file into this thread.")
    samples = await store.datasets.samples(dataset.id)
    prompt = await store.prompts.original(migration_id)
    _must_fit(prompt, samples)
    decision = await asked_change(store, migration_id, number)
    migration = await store.migrations.get(migration_id)
    targets = planning.with_target(migration.targets, decision.change if decision else None)
    if decision and targets != migration.targets:
        migration = await store.migrations.edit(migration_id, by=decision.by, targets=targets)
    test = await store.datasets.samples(dataset.id, Split.TEST)
    about = planning.Subject(
        migration=migration, dataset=dataset, samples=samples, test=test, price_of=catalog.prices.of, prompt=prompt,
        catalog=catalog,
    )  # fmt: skip
    if not number:
        return planning.first(about), dataset
    last = await store.plans.get(migration_id, number)
    return planning.following(last, about, decision.change if decision else None), dataset


async def try_change(store: Store, migration_id: str, change: PlanChange) -> None:
    """Raises InputError, with the way out, for a change that the current plan cannot take. Writes nothing."""
    plan, dataset = await store.plans.latest(migration_id), await store.datasets.latest(migration_id)
    if plan and dataset:
        migration = await store.migrations.get(migration_id)
        revised(plan.criteria, change, migration.use_case, await store.datasets.samples(dataset.id))


def _must_fit(prompt: PromptVersion, samples: Sequence[Sample]) -> None:
    """Before anybody approves or pays: raises InputError for the first sample that lacks a variable of the prompt."""
    wanted = set(variables(prompt))
    for sample in samples:
        if not wanted <= sample.variables.keys():
            render(prompt, sample)


async def asked_change(store: Store, migration_id: str, number: int) -> Decision | None:
    """The decision that asked for another plan after plan `number`: at the sign-off, or at the plan itself."""
    for question in (f"sign_off:{number}", f"plan:{number}"):
        decision = await store.questions.decision(migration_id, question)
        if decision:
            return decision
    return None


async def dev_winners(store: Store, state: State) -> Mapping[str, "Selection"]:
    """Each target's best candidate on dev; samples shown inside any of its prompts count for none of them."""
    from pipeline.decide.selection import choose

    found = await facts(store, state)
    runs = await store.runs.listed(state["migration_id"], stage=arms.candidates_stage(state["number"]))
    by_key = {(run.key.model, run.key.prompt_hash): run for run in runs}
    winners = {}
    for target in found.plan.targets:
        passed = [c for c in found.candidates if c.target == target and c.refusal is None]
        results = [await store.runs.result(by_key[target, c.prompt.hash].id) for c in passed]
        shots = {sample_id for c in passed for sample_id in c.prompt.shots}
        winners[target] = choose(results, found.plan.criteria, left_out=shots)
    return winners


async def finished_arms(store: Store, state: State) -> tuple[Judged, list[Judged]]:
    """The source and each target's winner on the test split, with outputs and scores."""
    migration_id, number = state["migration_id"], state["number"]
    source = await source_run(store, migration_id, state["dataset_id"])
    selected = await store.prompts.selected(migration_id, number)
    runs = await store.runs.listed(migration_id, stage=arms.targets_stage(number))
    winners = [run for run in runs if selected.get(run.key.model) == run.key.prompt_hash]
    return await _judged(store, source), [await _judged(store, run) for run in winners]


async def target_results(store: Store, state: State) -> list[RunResult]:
    """Every bar of every target on the test split."""
    runs = await store.runs.listed(state["migration_id"], stage=arms.targets_stage(state["number"]))
    return [await store.runs.result(run.id) for run in runs]


async def dev_results(store: Store, state: State) -> list[RunResult]:
    """The source and each target with its chosen prompt on dev."""
    migration_id, number = state["migration_id"], state["number"]
    selected = await store.prompts.selected(migration_id, number)
    runs = await store.runs.listed(migration_id, stage=arms.candidates_stage(number))
    chosen = [run for run in runs if selected.get(run.key.model) == run.key.prompt_hash]
    source = await source_run(store, migration_id, state["dataset_id"], Split.DEV)
    return [await store.runs.result(run.id) for run in (source, *chosen)]


async def source_run(store: Store, migration_id: str, dataset_id: str, split: Split = Split.TEST) -> Run:
    """The source's run on a split of this dataset version."""
    runs = await store.runs.listed(migration_id, stage=arms.BASELINE)
    return next(run for run in runs if run.key.split is split and run.dataset_id == dataset_id)


async def reopen(store: Store, runs: Sequence[Run], criteria: Criteria) -> None:
    """Finished runs whose outputs these criteria want scored by more metrics than an earlier plan did go on."""
    for run in runs:
        names = [metric.name for metric in measured.by_all(run, criteria)]
        if run.status is RunStatus.DONE and await store.runs.unscored(run.id, names):
            await store.runs.reopen(run.id)


async def worked_on(store: Store, migration_id: str) -> DatasetVersion:
    """The dataset version of the round: the newest one the source was run on."""
    runs = await store.runs.listed(migration_id, stage=arms.BASELINE)
    versions = [await store.datasets.get(dataset_id) for dataset_id in {run.dataset_id for run in runs}]
    return max(versions, key=lambda version: version.number)


async def _judged(store: Store, run: Run) -> Judged:
    return Judged(id=run.id, result=await store.runs.result(run.id))
