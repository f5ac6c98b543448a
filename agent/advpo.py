"""Advanced Prompt Optimization because a person asked: a fact for each job, which the worker carries out and nobody waits for."""

import asyncio
from datetime import datetime

from agent import arms, prompts
from agent.engine import Engine, WorkKind
from db.records import AdvpoJob, Plan, QuestionKind
from db.store import Store
from pipeline.errors import RefusedError

PROVIDER = "bedrock:"
CLOSED = (
    "The prompts of this round are accepted already, or there are no candidates yet. An optimisation can be asked for between "
    "the two; the owner can request changes at the sign-off, which starts a new round."
)
SETTING = "FERRY_ADVPO_BUCKET"
NOT_SET_UP = (
    f"Bedrock's Advanced Prompt Optimization is not set up here: the operator sets {SETTING} and restarts bot and worker."
)


def may_be_asked(target: str) -> bool:
    return target.startswith(PROVIDER)


async def ask(store: Store, engine: Engine, plan: Plan, target: str, *, by: str, at: datetime) -> tuple[AdvpoJob, bool]:
    """The job for a target's prompt, and whether it was begun by this call: one that is open or brought a prompt stands.

    Raises RefusedError when the prompts are accepted, InputError for what the service does not take.
    """
    from pipeline.prompts.advpo import asked

    if not await is_wanted(store, plan):
        raise RefusedError(CLOSED)
    await asyncio.to_thread(asked, await prompts.ask_for(store, plan, target))
    job, begun = await store.advpo.ask(AdvpoJob(migration_id=plan.migration_id, number=plan.number, target=target, by=by, at=at))
    await submit(engine, job)
    return job, begun


async def stop(store: Store, engine: Engine, job: AdvpoJob, *, by: str) -> bool:
    """Have a job stopped at AWS; False when somebody did before, or when it has ended."""
    stopped = await store.advpo.stop(job, by=by)
    await submit(engine, job)
    return stopped


async def submit(engine: Engine, job: AdvpoJob) -> None:
    """Have the worker take it a step further."""
    await engine.submit(WorkKind.ADVPO, job.id, job.migration_id, str(job.number), job.target, str(job.attempt))


async def is_wanted(store: Store, plan: Plan) -> bool:
    """Whether a candidate can still become the prompt of its target: from the first candidates until people accept."""
    pending = await store.questions.pending(plan.migration_id)
    if pending is None:
        return False
    if pending.kind is QuestionKind.PROMPTS and pending.subject == str(plan.number):
        decision = await store.questions.decision(plan.migration_id, pending.key)
        return decision is None or decision.answer == "round"
    stages = {(QuestionKind.RUNS, arms.candidates_stage(plan.number)), (QuestionKind.IMPROVED, str(plan.number))}
    return (pending.kind, pending.subject) in stages


async def newest(store: Store, plan: Plan, target: str) -> AdvpoJob | None:
    """The last job that was asked for."""
    found = [job for job in await store.advpo.of(plan.migration_id, plan.number) if job.target == target]
    return found[-1] if found else None
