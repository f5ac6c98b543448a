"""Reads of a round's facts, put together the way nodes and work need them. Writes nothing but what a decision asked for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agent import arms, corrections, measured, narrowing, planning
from agent.review import Judged
from agent.revision import revised
from agent.state import State
from db.records import DatasetVersion, Decision, Fallen, Migration, Plan, PlanChange, Run, RunStatus
from db.store import Store
from pipeline.errors import InputError
from pipeline.prompts.template import render, variables
from pipeline.records import Candidate, Criteria, PromptVersion, RunResult, Sample, Split

if TYPE_CHECKING:
    from pipeline.decide.selection import Selection
    from pipeline.decide.size import Pilot
    from pipeline.models.catalog import Catalog
    from pipeline.models.prices import Prices


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


async def next_plan(
    store: Store, migration_id: str, number: int, catalog: "Catalog", writer: str = ""
) -> tuple[Plan, DatasetVersion]:
    """The plan after plan `number` (0: none yet) over the newest dataset version, with all that SMEs corrected.

    `writer` is the operator's model that writes prompts.
    """
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
        migration=migration, dataset=dataset, samples=samples, test=test, prompt=prompt, catalog=catalog, writer=writer
    )
    if not number:
        return planning.first(about, await _repeated(store, migration)), dataset
    about = replace(about, pilots=await _pilots(store, migration_id, number))
    last = await store.plans.get(migration_id, number)
    return planning.following(last, about, decision.change if decision else None), dataset


async def _pilots(store: Store, migration_id: str, number: int) -> "Mapping[str, Pilot]":
    """What the chosen prompts of plan `number` showed of the spread on dev; nothing where none was chosen yet."""
    from pipeline.decide.size import pilots

    if not await store.prompts.selected(migration_id, number):
        return {}
    dataset = await worked_on(store, migration_id, number)
    plan, dev = await store.plans.get(migration_id, number), await store.datasets.samples(dataset.id, Split.DEV)
    source, *chosen = await dev_results(store, State(migration_id=migration_id, number=number, dataset_id=dataset.id))
    return pilots(dev, source, chosen, plan.criteria)


async def _repeated(store: Store, migration: Migration) -> Plan | None:
    """The last plan of the migration that this one repeats; nothing of another team's, nor of another use case."""
    if migration.again_of is None:
        return None
    earlier = await store.migrations.get(migration.again_of)
    same = (earlier.team, earlier.use_case) == (migration.team, migration.use_case)
    return await store.plans.latest(earlier.id) if same else None


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


async def dev_winners(store: Store, state: State, prices: "Prices | None" = None) -> Mapping[str, "Selection"]:
    """Each target's best finalist on dev, but for targets whose prompt a person chose.

    Samples shown inside any of its prompts count for none of them.
    """
    from pipeline.decide.pairs import together
    from pipeline.decide.selection import choose
    from pipeline.models.prices import known

    plan = await store.plans.get(state["migration_id"], state["number"])
    standing = {each.target: each for each in await store.prompts.choices(plan.migration_id, plan.number)}
    dataset = await worked_on(store, plan.migration_id, plan.number)
    clusters = together(await store.datasets.samples(dataset.id, Split.DEV))
    winners = {}
    for target in plan.targets:
        if target in standing and standing[target].by is not None:
            continue
        finalists = await narrowing.finalists(store, plan, target)
        shots = narrowing.shown([candidate for candidate, _ in finalists])
        price = known([target], prices).get(target)
        chosen = choose([result for _, result in finalists], plan.criteria, left_out=shots, price=price, clusters=clusters)
        fallen = [each for each in await store.prompts.fallen(plan.migration_id, plan.number) if each.target == target]
        winners[target] = replace(chosen, reason=" ".join((chosen.reason, *_fell_out(fallen))))
    return winners


def _fell_out(fallen: Sequence[Fallen]) -> Iterator[str]:
    by_rung = Counter(each.samples for each in fallen)
    return (f"{count} fell out after {samples} dev samples." for samples, count in sorted(by_rung.items()))


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


async def reopen(store: Store, runs: Sequence[Run], plan: Plan) -> None:
    """Finished runs that this plan wants scored by more metrics, by another judge or with another text go on.

    Cells at which a judge failed before, in a way that may pass, are asked about again.
    """
    earlier = [before.criteria for before in await _approved_before(store, plan.migration_id, plan.number)]
    for run in runs:
        judged = [metric.name for metric in measured.judged(run, plan.criteria)]
        await store.runs.forget_scores(run.id, measured.outdated(run, plan.criteria, earlier), failed_at=judged)
        names = [metric.name for metric in measured.by_all(run, plan.criteria)]
        if run.status is RunStatus.DONE and await store.runs.unscored(run.id, names):
            await store.runs.reopen(run.id)


async def _approved_before(store: Store, migration_id: str, number: int) -> list[Plan]:
    """The plans before plan `number` that were carried out, newest first."""
    found = []
    for earlier in range(number - 1, 0, -1):
        decision = await store.questions.decision(migration_id, f"plan:{earlier}")
        if decision and decision.answer == "approve":
            found.append(await store.plans.get(migration_id, earlier))
    return found


async def worked_on(store: Store, migration_id: str, number: int) -> DatasetVersion:
    """The dataset version of round `number`; before it has runs of its own, the newest one the source was run on."""
    for stage in (arms.targets_stage(number), arms.candidates_stage(number)):
        for run in await store.runs.listed(migration_id, stage=stage):
            return await store.datasets.get(run.dataset_id)
    runs = await store.runs.listed(migration_id, stage=arms.BASELINE)
    versions = [await store.datasets.get(dataset_id) for dataset_id in {run.dataset_id for run in runs}]
    return max(versions, key=lambda version: version.number)


async def criteria_of(store: Store, run: Run) -> Criteria | None:
    """The criteria of the plan a run belongs to: of its stage's number, or of the standing plan for what all plans share."""
    _, _, number = run.stage.partition(":")
    shared = run.stage == arms.BASELINE or arms.digest_of(run) is not None
    plan = await _standing_plan(store, run.migration_id) if shared else await store.plans.get(run.migration_id, int(number))
    return plan.criteria if plan else None


async def _standing_plan(store: Store, migration_id: str) -> Plan | None:
    """The plan that was approved last: what is asked about since then locks nothing yet. Before any, the latest."""
    latest = await store.plans.latest(migration_id)
    approved = await _approved_before(store, migration_id, latest.number + 1) if latest else []
    return approved[0] if approved else latest


async def _judged(store: Store, run: Run) -> Judged:
    return Judged(id=run.id, result=await store.runs.result(run.id))
