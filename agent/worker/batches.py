"""The bulk of a run by batch jobs, a step at each look: nobody waits for a job here, the sweep looks again.

What comes next follows from what is stored (`pipeline.models.batch.following`), so it is the same after any crash.
"""

import asyncio
import tempfile
from collections.abc import Collection, Sequence
from typing import BinaryIO

from agent import arms, rounds
from agent.engine import WorkKind
from agent.worker.answering import answer_all, lane_size
from agent.worker.purse import POLL_S
from agent.worker.shelf import Bounded
from agent.worker.sink import Sink
from agent.worker.tools import Tools
from db.records import CALLED_OFF, Run, RunBatch
from pipeline.errors import PermanentError, TemporaryError
from pipeline.metrics import code_metrics
from pipeline.models.batch.following import Next, following, planned
from pipeline.models.batch.jobs import BatchInference
from pipeline.models.batch.lines import UNANSWERED, batchable, canary, job_name, write
from pipeline.models.batch.records import CANARY, FEWEST, Ending, Progress, spans
from pipeline.models.batch.results import Tally, answers
from pipeline.models.batch.router import why_not
from pipeline.models.sampling import refused_of
from pipeline.prompts.fit import misfits
from pipeline.records import Lane, Sample, Split

PORTION = 500
"""Results that are stored together."""
SETTINGS = "FERRY_BATCH_ROLE and FERRY_BATCH_BUCKET"
NOT_SET_UP = (
    f"Batch jobs are under way or being made, but the operator took {SETTINGS} away. Set them again and restart the worker, "
    "then press Retry."
)
WAYS = 'Press Retry for another job, or write "no batch" first to have the rest asked on demand.'


async def go(tools: Tools, run: Run, samples: Sequence[Sample], stored: Collection[str]) -> bool:
    """Whether jobs of this run are under way or to be made, which is submitted: calls on demand come after them."""
    jobs, wanted = await _jobs(tools, run), await _takes(tools, run)
    if not wanted and all(batch.job.ending for batch in jobs):
        return False
    left_out, pending = await _left_out(tools, run, samples), False
    for low, high in spans(lane_size(run), run.total):
        missing = sum(sample.id not in stored for sample in batchable(samples[low:high], left_out))
        step = following(missing, [batch.job for batch in jobs if batch.job.low == low])
        if step is Next.LOOK or (step is Next.MAKE and (wanted or any(b.job.low == low and not b.job.ending for b in jobs))):
            await tools.engine.submit(WorkKind.BATCH, f"{run.id}:{low}:{high}", run.id, str(low), str(high))
            pending = True
    return pending


async def _jobs(tools: Tools, run: Run) -> Sequence[RunBatch]:
    """Where no jobs can be made any more, without those that were planned only: what is not charged was never asked for."""
    jobs = await tools.store.batches.of(run.id)
    if tools.batch is not None:
        return jobs
    for batch in (each for each in jobs if each.job.ending is None and each.job.arn is None and not each.job.usd):
        await tools.store.batches.finish(batch, Ending.STOPPED, 0.0)
    return await tools.store.batches.of(run.id)


async def _takes(tools: Tools, run: Run) -> bool:
    """Only big runs on test go by batch, where a person chose it: never what somebody waits for on dev, nor a digest."""
    if tools.batch is None or run.key.split is not Split.TEST or arms.is_candidate(run) or arms.digest_of(run):
        return False
    choice = await tools.store.batches.choice(run.migration_id)
    if choice is None or not choice.wanted:
        return False
    prompt = await tools.store.prompts.get(run.migration_id, run.key.prompt_hash)
    rest = run.total - lane_size(run)
    return not why_not(run.key.model, rest, tools.catalog.prices, tools=prompt.tools is not None)


async def _left_out(tools: Tools, run: Run, samples: Sequence[Sample]) -> Collection[str]:
    """The samples that are asked nobody, because they surely do not fit."""
    prompt = await tools.store.prompts.get(run.migration_id, run.key.prompt_hash)
    return (await asyncio.to_thread(misfits, prompt, samples, run.key.model, tools.catalog)).over


async def look(tools: Tools, run_id: str, low: str, high: str) -> None:
    """Take one span a step further. Raises PermanentError for what a person has to mend."""
    run = await tools.store.runs.get(run_id)
    there = [batch for batch in await tools.store.batches.of(run_id) if batch.job.low == int(low)]
    if tools.batch is None:
        raise PermanentError(NOT_SET_UP)
    samples = (await tools.shelf.of_run(run))[int(low) : int(high)]
    if (await tools.store.migrations.get(run.migration_id)).status in CALLED_OFF:
        await _stop(tools, tools.batch, run, there, samples)
    elif await tools.may_spend(run_id):
        fitting = batchable(samples, await _left_out(tools, run, samples))
        try:
            await _step(tools, tools.batch, run, (int(low), int(high)), there, fitting)
        except TemporaryError as error:
            for batch in await tools.store.batches.of(run_id):
                if batch.job.low == int(low) and batch.job.ending is None:
                    await tools.store.batches.see(batch, error.message)


async def _step(
    tools: Tools,
    service: BatchInference,
    run: Run,
    span: tuple[int, int],
    there: Sequence[RunBatch],
    samples: Sequence[Sample],
) -> None:
    stored = await tools.store.runs.stored_ids(run.id, [sample.id for sample in samples])
    missing, jobs = [sample for sample in samples if sample.id not in stored], [batch.job for batch in there]
    match following(len(missing), jobs):
        case Next.MAKE:
            job = planned(*span, jobs)
            batch = RunBatch(migration_id=run.migration_id, run_id=run.id, job=job, at=tools.clock())
            await tools.store.batches.plan(batch)
            await _make(tools, service, run, batch, samples, missing)
        case Next.LOOK:
            await _follow(tools, service, run, there[-1], samples)
        case _:
            await tools.engine.submit(WorkKind.RUN, run.id, run.id)


async def _make(
    tools: Tools,
    service: BatchInference,
    run: Run,
    batch: RunBatch,
    samples: Sequence[Sample],
    missing: Sequence[Sample],
) -> None:
    """It is stored as planned already: a job that was made before a crash is found by its name."""
    name = job_name(run.id, samples, batch.job.attempt)
    arn = await service.find(name)
    if arn is not None:
        return await tools.store.batches.begin(batch, arn)
    if not await _takes(tools, run):
        return await _give_up(tools, batch)
    model = await tools.shelf.model(run.key.model, run.dataset_id)
    rest = await _after_canary(tools, run, model, samples, missing)
    refused = refused_of(model)
    if await tools.may_spend(run.id) is None:
        return None
    if len(rest) < FEWEST:
        return await _give_up(tools, batch)
    if refused is None:
        raise PermanentError(f"{UNANSWERED}{await _why(tools, run, missing[: len(missing) - len(rest)])}. {WAYS}")
    return await _send(tools, service, run, batch, name, rest, refused)


async def _after_canary(
    tools: Tools, run: Run, model: Bounded, samples: Sequence[Sample], missing: Sequence[Sample]
) -> Sequence[Sample]:
    """What is missing still once a few were asked on demand."""
    left = CANARY
    while (asked := canary(samples, missing, refused_of(model))[:left]) and await tools.may_spend(run.id) is not None:
        async with model.lane():
            await answer_all(tools, run, model, tuple(asked), Lane.BULK)
        missing, left = missing[len(asked) :], left - len(asked)
    return missing


async def _why(tools: Tools, run: Run, asked: Sequence[Sample]) -> str:
    """What the last of them met."""
    outputs = await tools.store.runs.outputs(run.id, [sample.id for sample in asked])
    said = [output.failure.message for output in outputs if output.failure]
    return f": {said[-1].rstrip('.')}" if said else ""


async def _send(
    tools: Tools,
    service: BatchInference,
    run: Run,
    batch: RunBatch,
    name: str,
    samples: Sequence[Sample],
    refused: Collection[str],
) -> None:
    """Unless the budget does not allow what it costs at most, which is charged before: whatever kills us then, it is so once."""
    prompt = await tools.store.prompts.get(run.migration_id, run.key.prompt_hash)
    price = tools.catalog.prices.of(run.key.model)
    with tempfile.TemporaryFile() as file:
        _, usd = await asyncio.to_thread(write, file, samples, prompt, run.key, price, refused)
        file.seek(0)
        if not await _is_charged(tools, batch, usd):
            return
        arn = await _made(tools, service, run, batch, name, file)
    await tools.store.batches.begin(batch, arn)


async def _is_charged(tools: Tools, batch: RunBatch, usd: float) -> bool:
    """Not where the budget does not allow it, or the run is not wanted any more; calls in flight may give something back."""
    while await tools.may_spend(batch.run_id) is not None:
        purse = await tools.store.batches.charge(batch, usd)
        if purse is None:
            return True
        if await tools.shelf.purse.refusal(purse) is not None:
            return False
        await asyncio.sleep(POLL_S)
    return False


async def _made(tools: Tools, service: BatchInference, run: Run, batch: RunBatch, name: str, file: BinaryIO) -> str:
    """Where it is refused it gets back what it was charged, unless the service has it for all that."""
    try:
        return await service.make(name, run.key.model, file)
    except PermanentError:
        arn = await service.find(name)
        if arn is None:
            await tools.store.batches.charge(batch, 0.0)
            raise
        return arn


async def _give_up(tools: Tools, batch: RunBatch) -> None:
    """A planned job that the service does not have: what it was charged is given back, and the run goes on without it."""
    await tools.store.batches.finish(batch, Ending.STOPPED, 0.0)
    await tools.engine.submit(WorkKind.RUN, batch.run_id, batch.run_id)


async def _follow(tools: Tools, service: BatchInference, run: Run, batch: RunBatch, samples: Sequence[Sample]) -> None:
    """How a job is; once it has ended, what it brought is stored and the run goes on."""
    told = await service.look(batch.job.arn or "")
    if told.ending is None:
        return await tools.store.batches.see(batch, told.status, told.records, told.done)
    usd = 0.0 if told.ending is Ending.FAILED else await _take(tools, service, run, told, samples)
    await tools.store.batches.finish(batch, told.ending, usd)
    if told.problem is not None:
        raise PermanentError(f"The batch job brought no more answers: {told.problem}. {WAYS}")
    await tools.engine.submit(WorkKind.RUN, run.id, run.id)
    return None


async def _take(tools: Tools, service: BatchInference, run: Run, told: Progress, samples: Sequence[Sample]) -> float:
    """Stores what a job answered, scored as everything else is; the USD it cost."""
    prompt = await tools.store.prompts.get(run.migration_id, run.key.prompt_hash)
    criteria, tally = await rounds.criteria_of(tools.store, run), Tally()
    sink = Sink(tools.store, run.id, tuple(samples), code_metrics(criteria) if criteria else (), most=PORTION)
    price = tools.catalog.prices.of(run.key.model)
    with tempfile.TemporaryFile() as file:
        await service.fetch(told, file)
        try:
            for output in answers(file, samples, run.key, price, tally, prompt.finish):
                await sink.keep(output)
        finally:
            await sink.drain()
    return tally.usd


async def _stop(tools: Tools, service: BatchInference, run: Run, there: Sequence[RunBatch], samples: Sequence[Sample]) -> None:
    """At AWS too, also where a worker died before it stored which job it had made.

    What may have been spent stays charged, what a job would have cost that AWS does not have is given back.
    """
    for batch in (each for each in there if each.job.ending is None):
        fitting = batchable(samples, await _left_out(tools, run, samples))
        arn = batch.job.arn or await service.find(job_name(run.id, fitting, batch.job.attempt))
        if arn is not None:
            await service.stop(arn)
        await tools.store.batches.finish(batch, Ending.STOPPED, 0.0 if arn is None else None)
