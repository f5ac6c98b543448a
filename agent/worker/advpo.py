"""A job of Advanced Prompt Optimization that a person asked for: each look takes it a step further, and the sweep looks again.

The service knows a job by all it was sent, so a worker that dies between asking and storing finds the same job again.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

from agent import advpo, arms, rounds, told
from agent.engine import WorkKind
from agent.worker import asking
from agent.worker.tools import Tools
from db.records import CALLED_OFF, AdvpoJob, MessageKind, Plan
from pipeline.aws.jobs import Standing, State
from pipeline.errors import AccessError, FerryError, TemporaryError
from pipeline.prompts.advpo import Advpo, Asked, asked, candidate
from pipeline.prompts.port import Ask
from pipeline.records import Candidate

LONGEST = timedelta(hours=48)
ON_THE_COMMAND_LINE = (
    ("with a higher --attempt", "with the button on the prompts card"),
    ("another one with --bucket", f"another one in {advpo.SETTING}"),
)
"""What the service's sentences say of options, and what that is here."""
LATE = (
    "It came after the prompts were accepted, so it is not measured and cannot be chosen in this round. The prompts card shows "
    "it; the owner can request changes at the sign-off, which starts a new round."
)


async def look(tools: Tools, migration_id: str, number: str, target: str, attempt: str) -> None:
    """Ask the service for it, see how it is, take what it brought, or have it stopped."""
    job = await _job(tools, migration_id, number, target, attempt)
    if job is None or not job.is_open:
        return
    try:
        await _step(tools, _service(tools), job)
    except FerryError as error:
        job = await _job(tools, migration_id, number, target, attempt) or job
        if isinstance(error, TemporaryError) or (isinstance(error, AccessError) and job.is_sent):
            # it goes on at AWS meanwhile, or has its prompt there: nobody knows before a look says so
            await tools.store.advpo.delay(job, _said(error))
        else:
            await _end(tools, job, _said(error))


def _service(tools: Tools) -> Advpo:
    if tools.advpo is None:
        raise AccessError(advpo.NOT_SET_UP)
    return tools.advpo


async def failed(tools: Tools, sentence: str, migration_id: str, number: str, target: str, attempt: str) -> None:
    """An optimisation that nobody can get stops no migration."""
    job = await _job(tools, migration_id, number, target, attempt)
    if job is not None and job.is_open:
        await _end(tools, job, sentence)


async def _step(tools: Tools, service: Advpo, job: AdvpoJob) -> None:
    if await _unwanted(tools, job):
        await _stop(tools, service, job)
    elif job.job is None:
        if await tools.may_spend_on(job.migration_id):
            await _send(tools, service, job)
    else:
        standing = await service.look(job.job)
        if standing.state is State.UNDER_WAY:
            await _wait(tools, service, job)
        elif standing.state is State.FAILED:
            await _end(tools, job, f"The service gave no prompt: {standing.problem}.")
        else:
            await _take(tools, service, job, standing)


async def _unwanted(tools: Tools, job: AdvpoJob) -> bool:
    return job.stopped_by is not None or (await tools.store.migrations.get(job.migration_id)).status in CALLED_OFF


async def _sent(tools: Tools, job: AdvpoJob) -> tuple[Asked, Ask]:
    """What the job is about, the same on every look: a plan that was approved does not change."""
    plan = await tools.store.plans.get(job.migration_id, job.number)
    dataset = await rounds.worked_on(tools.store, job.migration_id, job.number)
    ask = await asking.ask_for(tools, plan, dataset, job.target)
    return await asyncio.to_thread(asked, ask, job.attempt), ask


async def _send(tools: Tools, service: Advpo, job: AdvpoJob) -> None:
    """Ask for it, unless the service has it, or is still at an earlier attempt that has ended here: that one is taken up."""
    wanted, _ = await _sent(tools, job)
    arn = await _at_aws(service, wanted)
    if arn is None:
        await tools.store.advpo.send(job, tools.clock())
        arn = await service.submit(wanted)
    await tools.store.advpo.begin(job, arn, tools.clock())


async def _at_aws(service: Advpo, wanted: Asked) -> str | None:
    return await service.find(wanted) or await service.running(_attempts(wanted)[1:])


def _attempts(wanted: Asked) -> list[Asked]:
    """This one and those before it, the newest first: each has its own name at the service."""
    return [replace(wanted, attempt=attempt) for attempt in range(wanted.attempt, 0, -1)]


async def _stop(tools: Tools, service: Advpo, job: AdvpoJob) -> None:
    """At AWS too, also where a worker died before it could store which job it had asked for."""
    arn = job.job or await _at_aws(service, (await _sent(tools, job))[0])
    if arn is not None:
        await service.stop(arn)
    who = "A person stopped it" if job.stopped_by else "The migration is over, so it was stopped"
    await _end(tools, job, f"{who}; AWS had no such job." if arn is None else f"{who} at AWS; calls it had made are charged.")


async def _wait(tools: Tools, service: Advpo, job: AdvpoJob) -> None:
    """Until the next look; at most two days of the service's work, which it is at now. It is given up only once it is stopped."""
    if tools.clock() - (job.begun_at or job.at) <= LONGEST:
        return await tools.store.advpo.delay(job, "")
    try:
        await service.stop(job.job or "")
    except FerryError as error:
        return await tools.store.advpo.delay(job, _said(error))
    why = f"The service gave no prompt within {LONGEST.total_seconds() / 3600:.0f} hours, so it was stopped at AWS."
    return await _end(tools, job, f"{why} What was in the way before: {job.note}" if job.note else why)


async def _take(tools: Tools, service: Advpo, job: AdvpoJob, standing: Standing) -> None:
    """The candidate, guarded, and its run on all of dev where it can still be chosen."""
    newest, ask = await _sent(tools, job)
    wanted = next((each for each in _attempts(newest) if each.name == standing.name), newest)
    made = await asyncio.to_thread(candidate, await service.fetch(standing), wanted, ask)
    plan = await tools.store.plans.get(job.migration_id, job.number)
    on_time = await advpo.is_wanted(tools.store, plan)
    added = await tools.store.prompts.add_candidate(plan.migration_id, plan.number, made)
    if on_time and made.refusal is None:
        await _run(tools, plan, made)
    known = await _known(tools, plan, made)
    note = _note(made, known, added=added, on_time=on_time)
    await _end(tools, job, note, None if made.refusal else made.prompt.hash)


async def _run(tools: Tools, plan: Plan, made: Candidate) -> None:
    dataset = await rounds.worked_on(tools.store, plan.migration_id, plan.number)
    run = await tools.store.runs.add(arms.candidate(plan, dataset, made))
    await tools.store.runs.extend(run.id, dataset.dev)
    await tools.engine.submit(WorkKind.RUN, run.id, run.id)


async def _known(tools: Tools, plan: Plan, made: Candidate) -> str:
    """The method under which the card has this very prompt."""
    found = await tools.store.prompts.candidates(plan.migration_id, plan.number)
    return next(each.prompt.method for each in found if (each.target, each.prompt.hash) == (made.target, made.prompt.hash))


def _note(made: Candidate, known: str, *, added: bool, on_time: bool) -> str:
    if made.refusal is not None:
        return f"It brought a prompt that a guard refuses. {made.refusal}"
    if not added and known != made.prompt.method:
        return f'It brought word for word the candidate "{known}".'
    return "It brought a candidate, which is measured on dev like the others." if on_time else f"It brought a candidate. {LATE}"


async def _end(tools: Tools, job: AdvpoJob, note: str, prompt_hash: str | None = None) -> None:
    """Written on the card, and told in the thread: it takes so long that nobody looks any more."""
    await tools.store.advpo.finish(job, note, prompt_hash)
    migration = await tools.store.migrations.get(job.migration_id)
    body = f"Bedrock's Advanced Prompt Optimization for {job.target} has ended. {note}"
    await told.tell(tools.store, migration, told.advpo_key(job.id), MessageKind.REPLY, body=body)


async def _job(tools: Tools, migration_id: str, number: str, target: str, attempt: str) -> AdvpoJob | None:
    of_plan = await tools.store.advpo.of(migration_id, int(number))
    return next((job for job in of_plan if (job.target, job.attempt) == (target, int(attempt))), None)


def _said(error: FerryError) -> str:
    sentence = error.message
    for there, here in ON_THE_COMMAND_LINE:
        sentence = sentence.replace(there, here)
    return sentence
