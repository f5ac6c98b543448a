"""A run as chunks: what is missing is submitted, each chunk answers what is not stored; scored whole, it moves the migration."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent import arms
from agent.engine import WorkKind
from agent.planning import provider
from agent.told import misfits_key, tell
from agent.worker import batches, digest, evaluations, scoring
from agent.worker.answering import answer_all, lane_size
from agent.worker.tools import GOING, Tools
from db.records import MessageKind, Run, RunStatus
from pipeline.errors import PermanentError
from pipeline.models import lanes
from pipeline.prompts.fit import misfits, refusals, sentences
from pipeline.records import Lane, Sample

CHUNK = {"recorded": 1000, "scripted": 200, "local": 64, "bedrock": 200}
MOST_CHUNKS = 1000


def spans(run: Run) -> Iterator[tuple[int, int]]:
    """Chunks of a run as positions in its split, the same on every look; smaller where a sample takes long.

    The first is the latency lane, where the run has one.
    """
    first = lane_size(run)
    size = max(CHUNK.get(provider(run.key.model), 200), -(-run.total // (MOST_CHUNKS - bool(first))))
    if first:
        yield 0, first
    yield from ((low, min(low + size, run.total)) for low in range(first, run.total, size))


async def start(tools: Tools, run_id: str) -> None:
    """Submit every chunk that still misses an output; with none missing the run is over."""
    run = await tools.store.runs.get(run_id)
    if run.status is RunStatus.DONE or not await tools.may_spend(run_id):
        return await _after(tools, run)
    samples = await tools.shelf.of_run(run)
    await _check(tools, run, samples)
    stored = await tools.store.runs.stored_ids(run_id)
    missing = [(low, high) for low, high in spans(run) if any(s.id not in stored for s in samples[low:high])]
    if missing and missing[0][1] <= lane_size(run):
        missing = missing[:1]  # the bulk waits until the latency is measured
    elif missing and await batches.go(tools, run, samples, stored):
        return None  # what jobs leave is asked on demand once they have ended
    for low, high in missing:
        await tools.engine.submit(WorkKind.CHUNK, f"{run_id}:{low}:{high}", run_id, str(low), str(high))
    if not missing:
        await _finish(tools, run)
    return None


async def _check(tools: Tools, run: Run, samples: Sequence[Sample]) -> None:
    """Before the first call: raises PermanentError for what would refuse every one, and says which samples will not be asked."""
    ref, prompt = run.key.model, await tools.store.prompts.get(run.migration_id, run.key.prompt_hash)
    against = await asyncio.to_thread(refusals, prompt, samples, ref, tools.catalog)
    if against:
        raise PermanentError(f"No call was made. {' '.join(against)}")
    found = await asyncio.to_thread(misfits, prompt, samples, ref, tools.catalog)
    said = " ".join(sentences(replace(found, tight=()), tools.catalog.of(ref)))
    if said:
        migration = await tools.store.migrations.get(run.migration_id)
        await tell(tools.store, migration, misfits_key(run.migration_id, ref), MessageKind.PROBLEM, body=said)


async def chunk(tools: Tools, run_id: str, low: str, high: str) -> None:
    """Answer and store the samples of one chunk that have no output yet."""
    run = await tools.store.runs.get(run_id)
    model = await tools.shelf.model(run.key.model, run.dataset_id)
    measured = int(high) <= lane_size(run)
    async with model.alone() if measured else model.lane():
        if await tools.may_spend(run_id) is None:
            return
        samples = (await tools.shelf.of_run(run))[int(low) : int(high)]
        stored = await tools.store.runs.stored_ids(run_id, [sample.id for sample in samples])
        todo = tuple(sample for sample in samples if sample.id not in stored)
        if todo:
            await answer_all(tools, run, model, todo, _lane(run, measured=measured))
    await (start(tools, run_id) if measured else _finish(tools, run))


def _lane(run: Run, *, measured: bool) -> Lane:
    """Only models that are asked over a network have lanes; others are measured as they go."""
    if not lanes.has_lane(run.key.model):
        return Lane.NONE
    return Lane.LATENCY if measured else Lane.BULK


async def failed(tools: Tools, sentence: str, run_id: str, *_span: str) -> None:
    """A run that cannot go on says why, and its migration with it."""
    run = await tools.store.runs.get(run_id)
    await _fail(tools, run, f"{run.key.model}: {sentence}", sentence)


async def judging_failed(tools: Tools, sentence: str, run_id: str, *_span: str) -> None:
    """As `failed`, without blaming the model whose answers wait for their scores."""
    run = await tools.store.runs.get(run_id)
    await _fail(tools, run, f"Scores of {run.key.model} ({run.label}): {sentence}", sentence)


async def _fail(tools: Tools, run: Run, problem: str, sentence: str) -> None:
    await tools.store.runs.fail(run.id, problem)
    monitor = arms.digest_of(run)
    if monitor:
        await digest.failed(tools, sentence, *monitor)
    else:
        await tools.conversation.advance(run.migration_id)


async def judged(tools: Tools, run_id: str, low: str, high: str) -> None:
    """Have the judge score one span of a run's outputs; the last of its spans ends the run."""
    await scoring.judge(tools, run_id, low, high)
    run = await tools.may_spend(run_id)
    if run is not None and await scoring.judged_whole(tools, run):
        await _finish(tools, run)


async def evaluated(tools: Tools, run_id: str, part: str) -> None:
    """Take one job of the second opinion a step further."""
    await evaluations.look(tools, run_id, part)
    await _finish(tools, await tools.store.runs.get(run_id))


async def unevaluated(tools: Tools, sentence: str, run_id: str, part: str) -> None:
    """A second opinion that failed in a way nobody foresaw; its run goes on without it."""
    await evaluations.failed(tools, sentence, run_id, part)
    await _finish(tools, await tools.store.runs.get(run_id))


async def _finish(tools: Tools, run: Run) -> None:
    """A run is over once every sample has an output, and every output its scores."""
    now = await tools.store.runs.get(run.id)
    if now.status in GOING and now.stored >= now.total and await scoring.owed(tools, now):
        return
    if await tools.store.runs.finish(run.id):
        await _after(tools, await tools.store.runs.get(run.id))


async def _after(tools: Tools, run: Run) -> None:
    """Tell whoever waits for this run. A digest has a key of its own for it: the first look may not have ended yet."""
    monitor = arms.digest_of(run)
    if run.status in GOING:
        return
    if monitor:
        await tools.engine.submit(WorkKind.DIGEST, f"{monitor[0]}:{monitor[1]}:measured", *monitor)
    else:
        await tools.conversation.advance(run.migration_id)
