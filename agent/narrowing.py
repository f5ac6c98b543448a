"""How far the search for a target's prompt is: who is still in, what their runs have to cover next, what is still to be searched.

Dev is spent in a fixed shuffled order; a candidate's run covers the first samples of it, `total` of them.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from agent import arms, turns
from agent.state import State
from db.records import Fallen, Plan, Run, RunStatus
from db.store import Store
from pipeline.records import Candidate, RunResult
from pipeline.report.records import AS_IS, FORMAT_FIXED

if TYPE_CHECKING:
    from pipeline.models.prices import Prices


async def narrow(store: Store, state: State, prices: "Prices | None" = None) -> tuple[Run, ...]:
    """Drop the weaker candidates of each target after a rung and extend the runs of the others; the runs that have to go on.

    A target some of whose runs still go on was narrowed already: a second time changes nothing.
    """
    plan = await store.plans.get(state["migration_id"], state["number"])
    dataset = await store.datasets.get(state["dataset_id"])
    going: list[Run] = []
    for target in plan.targets:
        rung = [(candidate, run) for candidate, run in await still_in(store, plan, target) if run.total < dataset.dev]
        if rung and all(run.status is RunStatus.DONE for _, run in rung):
            await _narrow(store, plan, target, rung, dataset.dev, prices)
        going += [run for _, run in await still_in(store, plan, target) if run.status is not RunStatus.DONE]
    return tuple(going)


async def _narrow(
    store: Store, plan: Plan, target: str, rung: Sequence[tuple[Candidate, Run]], dev: int, prices: "Prices | None"
) -> None:
    from pipeline.models.prices import known
    from pipeline.prompts.search import halving

    results = [await store.runs.result(run.id) for _, run in rung]
    shots = shown([candidate for candidate, _ in rung])
    always = {candidate.prompt.hash for candidate, _ in rung if candidate.prompt.method in {AS_IS, FORMAT_FIXED}}
    after = halving.narrow(results, plan.criteria, dev, left_out=shots, always=always, price=known([target], prices).get(target))
    present = min(run.total for _, run in rung)
    fallen = [
        Fallen(target=target, prompt_hash=prompt_hash, samples=present, why=why) for prompt_hash, why in after.dropped.items()
    ]
    await store.prompts.narrow(plan.migration_id, plan.number, target, fallen, after.total)


async def still_in(store: Store, plan: Plan, target: str) -> list[tuple[Candidate, Run]]:
    """The candidates of a target that neither a guard nor a rung nor a person put aside, with their runs, in their order."""
    fallen = {each.prompt_hash for each in await store.prompts.fallen(plan.migration_id, plan.number) if each.target == target}
    aside = fallen | await turns.not_kept(store, plan.migration_id, plan.number, target)
    runs = {
        (run.key.model, run.key.prompt_hash): run
        for run in await store.runs.listed(plan.migration_id, stage=arms.candidates_stage(plan.number))
    }
    candidates = [c for c in await store.prompts.candidates(plan.migration_id, plan.number) if c.target == target]
    passed = [c for c in candidates if c.refusal is None and c.prompt.hash not in aside]
    return [(c, runs[target, c.prompt.hash]) for c in passed if (target, c.prompt.hash) in runs]


async def finalists(store: Store, plan: Plan, target: str) -> list[tuple[Candidate, RunResult]]:
    """Those still in whose runs have ended, with what they answered."""
    return [
        (candidate, await store.runs.result(run.id))
        for candidate, run in await still_in(store, plan, target)
        if run.status is RunStatus.DONE
    ]


def shown(candidates: Collection[Candidate]) -> frozenset[str]:
    """Samples shown inside any of these prompts: they count for none of them."""
    return frozenset(sample_id for candidate in candidates for sample_id in candidate.prompt.shots)


async def not_improved(store: Store, state: State) -> tuple[str, ...]:
    """The targets no search was begun for in this number."""
    plan = await store.plans.get(state["migration_id"], state["number"])
    begun = {improvement.target for improvement in await store.improvements.of(plan.migration_id, plan.number)}
    return tuple(target for target in plan.targets if target not in begun)
