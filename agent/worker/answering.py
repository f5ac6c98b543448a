"""Calls of a run on demand: each answer goes to the store as it comes, until nothing is left or nothing is wanted."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from agent import rounds
from agent.worker.attend import attend
from agent.worker.shelf import Bounded
from agent.worker.sink import Kept, Sink
from agent.worker.tools import Tools
from db.records import Run
from pipeline.errors import PermanentError
from pipeline.metrics import code_metrics
from pipeline.models import lanes
from pipeline.models.failures import KINDS, STOPPERS, Policy
from pipeline.prompts.template import render
from pipeline.records import Lane, Model, PromptVersion, Sample, Split
from pipeline.run import answer


def lane_size(run: Run) -> int:
    """How many of a run's samples are asked for their latency: the first on test, where models are compared by it."""
    return min(lanes.SAMPLES, run.total) if lanes.has_lane(run.key.model) and run.key.split is Split.TEST else 0


async def answer_all(tools: Tools, run: Run, model: Bounded, todo: tuple[Sample, ...], lane: Lane) -> None:
    """Answer these samples of a run on demand and store what comes. Raises PermanentError for what every call would meet."""
    prompt = await tools.store.prompts.get(run.migration_id, run.key.prompt_hash)
    criteria = await rounds.criteria_of(tools.store, run)
    metrics, halt = code_metrics(criteria) if criteria else (), asyncio.Event()
    sink = Sink(tools.store, run.id, todo, metrics, most=max(1, model.concurrency // model.lanes))
    kept = Kept(model, sink, lane, prompt.finish)
    try:
        await attend(tools, run.id, asyncio.create_task(call(kept, prompt, todo, halt, lane)), halt)
    finally:
        await sink.drain()


async def call(model: Model, prompt: PromptVersion, todo: Sequence[Sample], halt: asyncio.Event, lane: Lane = Lane.NONE) -> None:
    """Calls until nothing is left or `halt`; a failure that every call would meet ends it. Renders all before any call."""
    for sample in todo:
        render(prompt, sample)
    wanted = (sample for sample in todo if not halt.is_set())
    in_flight = lanes.AT_ONCE if lane is Lane.LATENCY else None
    async with aclosing(answer(model, prompt, wanted, in_flight=in_flight, lane=lane)) as outputs:
        async for output in outputs:
            if output.failure and KINDS[output.failure.kind].policy is Policy.REST:
                halt.set()  # what is in flight ends and is kept
            elif output.failure and output.failure.kind in STOPPERS:
                raise PermanentError(output.failure.message)
