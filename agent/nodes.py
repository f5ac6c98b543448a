"""The nodes: read facts, call policy, write facts under keys that make a second time harmless. Gates hold one `interrupt` only.

A node runs at least once. It never calls a model and never posts: it submits work and writes what the bot will show.
"""

from dataclasses import dataclass, field

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agent import arms, handover, narrowing, review, rounds, told, turns
from agent.engine import Engine, WorkKind
from agent.state import State
from db.records import Improvement, MessageKind, MigrationStatus, QuestionKind, Run
from db.store import Store
from pipeline.models.catalog import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """What nodes work with; never in a checkpoint. `cron` and `timezone` are when monitors look, `catalog` what models take.

    `writer` is the operator's model that writes prompts.
    """

    store: Store
    engine: Engine
    cron: str
    timezone: str
    catalog: Catalog = field(default_factory=Catalog)
    writer: str = ""


def ask(kind: QuestionKind, key: str, subject: str) -> str:
    """Wait for the answer to one question. `advance` finds it among the facts and resumes with it."""
    return str(interrupt({"kind": kind.value, "key": f"{kind}:{key}", "subject": subject}))


async def gate_dataset(_state: State) -> State:
    return {"dataset_id": ask(QuestionKind.DATASET, "1", "")}


async def draft_plan(state: State, runtime: Runtime[Deps]) -> State:
    """Plan N+1: the guide's proposal, or the last plan with what was asked of it. The newest dataset version counts."""
    context, number = runtime.context, state.get("number", 0)
    plan, dataset = await rounds.next_plan(context.store, state["migration_id"], number, context.catalog, context.writer)
    await context.store.plans.add(plan)
    return {"number": plan.number, "dataset_id": dataset.id}


async def gate_plan(state: State) -> State:
    return {"answer": ask(QuestionKind.PLAN, str(state["number"]), str(state["number"]))}


async def start_baseline(state: State, runtime: Runtime[Deps]) -> State:
    """The source, once for all plans: a later plan may want more scores of the same outputs."""
    facts = await rounds.facts(runtime.context.store, state)
    started = [await runtime.context.store.runs.add(run) for run in arms.baseline(facts.plan, facts.dataset, facts.original)]
    await rounds.reopen(runtime.context.store, started, facts.plan)
    await _start(runtime.context, tuple(started))
    return {}


async def gate_baseline(state: State) -> State:
    return {"answer": ask(QuestionKind.RUNS, f"baseline:{state['number']}", arms.BASELINE)}


async def propose_prompts(state: State, runtime: Runtime[Deps]) -> State:
    """Submitted, because a conversion may call a provider."""
    migration_id, number = state["migration_id"], state["number"]
    await runtime.context.engine.submit(WorkKind.CONVERT, f"{migration_id}:{number}", migration_id, str(number))
    return {"rung": 0, "turn": 0}


async def gate_candidates(state: State) -> State:
    """Asked again after every rung, under a key of its own: the first one keeps the key that older threads wait under."""
    stage, rung = arms.candidates_stage(state["number"]), state.get("rung", 0)
    return {"answer": ask(QuestionKind.RUNS, f"{stage}:{rung}" if rung else stage, stage)}


async def narrow_prompts(state: State, runtime: Runtime[Deps]) -> State:
    """The better candidates go on to more of dev, the others fall out; with all of dev covered, is a search still to be made?"""
    store = runtime.context.store
    extended = await narrowing.narrow(store, state, runtime.context.catalog.prices)
    for run in extended:
        await runtime.context.engine.submit(WorkKind.RUN, run.id, run.id)
    open_ones = () if extended else await narrowing.not_improved(store, state)
    return {"answer": "more" if extended else "improve" if open_ones else "done", "rung": state.get("rung", 0) + 1}


async def improve_prompts(state: State, runtime: Runtime[Deps]) -> State:
    """A search for each target, once for each number; the worker says whether there is anything to search with or for."""
    migration_id, number = state["migration_id"], state["number"]
    for target in await narrowing.not_improved(runtime.context.store, state):
        await runtime.context.store.improvements.add(Improvement(migration_id=migration_id, number=number, target=target))
        key = f"{migration_id}:{number}:{target}"
        await runtime.context.engine.submit(WorkKind.IMPROVE, key, migration_id, str(number), target)
    return {}


async def gate_improved(state: State) -> State:
    return {"answer": ask(QuestionKind.IMPROVED, str(state["number"]), str(state["number"]))}


async def choose_prompts(state: State, runtime: Runtime[Deps]) -> State:
    """The dev winner of each target, with the reason, unless a person chose; what the next turn could try is looked for."""
    store, migration_id, number = runtime.context.store, state["migration_id"], state["number"]
    for target, chosen in (await rounds.dev_winners(store, state, runtime.context.catalog.prices)).items():
        await store.prompts.choose(migration_id, number, target, chosen.prompt_hash, chosen.reason)
    await store.messages.touch(told.prompts_key(migration_id, number))
    turn = str(state.get("turn", 0) + 1)
    await runtime.context.engine.submit(WorkKind.PROPOSE, f"{migration_id}:{number}:{turn}", migration_id, str(number), turn)
    return {}


async def gate_prompts(state: State) -> State:
    return {"answer": ask(QuestionKind.PROMPTS, turns.gate(state["number"], state.get("turn", 0)), str(state["number"]))}


async def start_round(state: State, runtime: Runtime[Deps]) -> State:
    """The worker makes the candidate of the proposal that was asked for."""
    migration_id, number, turn = state["migration_id"], str(state["number"]), state.get("turn", 0) + 1
    await runtime.context.engine.submit(WorkKind.ROUND, f"{migration_id}:{number}:{turn}", migration_id, number, str(turn))
    return {"turn": turn, "rung": state.get("rung", 0) + 1}


async def start_targets(state: State, runtime: Runtime[Deps]) -> State:
    facts = await rounds.facts(runtime.context.store, state)
    selected = await runtime.context.store.prompts.selected(state["migration_id"], state["number"])
    await _start(runtime.context, arms.targets(facts.plan, facts.dataset, facts.original, facts.candidates, selected))
    return {}


async def gate_targets(state: State) -> State:
    return {"answer": ask(QuestionKind.RUNS, f"targets:{state['number']}", arms.targets_stage(state["number"]))}


async def open_review(state: State, runtime: Runtime[Deps]) -> State:
    """Skipped without SMEs, and when no pair differs. What goes wrong is grouped meanwhile, elsewhere: nobody waits for it."""
    store, number = runtime.context.store, state["number"]
    await runtime.context.engine.submit(WorkKind.ERRORS, f"{state['migration_id']}:{number}", state["migration_id"], str(number))
    migration = await store.migrations.get(state["migration_id"])
    facts = await rounds.facts(store, state)
    source, winners = await rounds.finished_arms(store, state)
    pairs = review.assignments(
        migration.id, facts.plan.number, migration.smes, facts.plan.review_pairs, facts.plan.criteria, source, winners
    )
    await store.reviews.open(pairs)
    await told.hand_out(store, migration, pairs)
    return {"answer": "review" if pairs else "skip"}


async def gate_review(state: State) -> State:
    return {"answer": ask(QuestionKind.REVIEW, str(state["number"]), str(state["number"]))}


async def write_report(state: State, runtime: Runtime[Deps]) -> State:
    migration_id, number = state["migration_id"], state["number"]
    await runtime.context.engine.submit(WorkKind.REPORT, f"{migration_id}:{number}", migration_id, str(number))
    return {}


async def gate_report(state: State) -> State:
    return {"report_hash": ask(QuestionKind.REPORT, str(state["number"]), str(state["number"]))}


async def gate_sign_off(state: State) -> State:
    return {"answer": ask(QuestionKind.SIGN_OFF, str(state["number"]), state["report_hash"])}


async def publish(state: State, runtime: Runtime[Deps]) -> State:
    """The files, the standing comparison and its first look; the status last, because it ends the migration."""
    context, migration_id, report_hash = runtime.context, state["migration_id"], state["report_hash"]
    migration = await context.store.migrations.get(migration_id)
    key = told.files_key(migration_id, state["number"])
    await told.tell(context.store, migration, key, MessageKind.FILES, subject=report_hash)
    monitor = await handover.monitor(context.store, migration_id, report_hash, cron=context.cron, timezone=context.timezone)
    if monitor is not None:
        await context.store.monitors.add(monitor)
        await context.engine.submit(WorkKind.DIGEST, f"{monitor.id}:first", monitor.id, "first")
    return await _end(context, state, f"sign_off:{state['number']}", MigrationStatus.SIGNED)


async def cancel(state: State, runtime: Runtime[Deps]) -> State:
    """Cancelled at the prompts where one decided so there, else at the plan."""
    gate = turns.question(state["number"], state.get("turn", 0))
    at_prompts = await runtime.context.store.questions.decision(state["migration_id"], gate)
    return await _end(runtime.context, state, gate if at_prompts else f"plan:{state['number']}", MigrationStatus.CANCELLED)


async def reject(state: State, runtime: Runtime[Deps]) -> State:
    return await _end(runtime.context, state, f"sign_off:{state['number']}", MigrationStatus.REJECTED)


async def _end(context: Deps, state: State, question: str, status: MigrationStatus) -> State:
    """The status that a decision led to, in the name of the person who took it."""
    decision = await context.store.questions.decision(state["migration_id"], question)
    await context.store.migrations.set_status(state["migration_id"], status, by=decision.by if decision else told.FERRY)
    return {}


async def _start(context: Deps, runs: tuple[Run, ...]) -> None:
    for run in runs:
        await context.store.runs.add(run)
        await context.engine.submit(WorkKind.RUN, run.id, run.id)
