"""Between a chunk's calls and the store: a call keeps its place until its output is committed.

So what a kill can make us pay again is at most the calls in flight. Outputs that arrive while a transaction runs share the next
one, which keeps fast models fast.
"""

import asyncio
from dataclasses import replace
from time import monotonic

from agent.worker.boundary import persist
from agent.worker.shelf import Bounded
from db.store import Store
from pipeline.metrics import CodeMetric, score_with
from pipeline.models.failures import STOPPERS
from pipeline.records import Lane, Output, Request, Sample, Score

JUDGE_STOPPERS, JUDGE_THROTTLED, JUDGE_BUDGET = frozenset({"judge access"}), "judge throttled", "judge budget"
BATCH, BATCH_S = 50, 1.0


class Sink:
    """Belongs to one chunk: scores its outputs with the plan's code metrics, checks of people among them, and saves them."""

    def __init__(self, store: Store, run_id: str, samples: tuple[Sample, ...], metrics: tuple[CodeMetric, ...]) -> None:
        self._store, self._run_id, self._metrics = store, run_id, metrics
        self._samples = {sample.id: sample for sample in samples}
        self._waiting: dict[str, Output] = {}
        self._writing = asyncio.Lock()

    async def keep(self, output: Output) -> None:
        """Returns once the output is committed, by this call or by one that came at the same time."""
        self._waiting[output.sample_id] = output
        async with self._writing:
            if output.sample_id in self._waiting:
                await self._flush()

    async def _flush(self) -> None:
        """Tried again while the database is away; an output stops waiting only after the commit."""
        batch = tuple(self._waiting.values())
        scores = await asyncio.to_thread(self._scored, batch)
        await persist(lambda: self._store.runs.save(self._run_id, batch, scores), run=self._run_id)
        for output in batch:
            del self._waiting[output.sample_id]

    async def drain(self) -> None:
        """Save what a cancelled call could not."""
        async with self._writing:
            if self._waiting:
                await self._flush()

    def _scored(self, batch: tuple[Output, ...]) -> tuple[Score, ...]:
        samples = [self._samples[output.sample_id] for output in batch]
        return tuple(score_with(samples, batch, self._metrics))


class ScoreSink:
    """Belongs to one span of a judge: scores are saved a batch at a time.

    What the judge ruled is kept elsewhere, ruling by ruling, so a kill loses scores that cost nothing to make again.
    """

    def __init__(self, store: Store, run_id: str) -> None:
        self._store, self._run_id = store, run_id
        self._waiting: list[Score] = []
        self._saved = monotonic()

    async def keep(self, score: Score) -> None:
        self._waiting.append(score)
        if len(self._waiting) >= BATCH or monotonic() - self._saved >= BATCH_S:
            await self.drain()

    async def drain(self) -> None:
        batch, self._waiting, self._saved = tuple(self._waiting), [], monotonic()
        if batch:
            await persist(lambda: self._store.runs.save(self._run_id, (), batch), run=self._run_id)


class Kept:
    """A model whose every answer is in the store before the next call takes its place."""

    def __init__(self, model: Bounded, sink: Sink, lane: Lane = Lane.NONE) -> None:
        self.ref, self.concurrency = model.ref, model.concurrency
        self._model, self._sink, self._lane = model, sink, lane

    async def answer(self, request: Request) -> Output:
        """A failure that every call would meet is not kept: the run stops with it, and is asked again once it is repaired."""
        async with self._model.place():
            output = replace(await self._model.answer(request), lane=self._lane)
            if output.failure is None or output.failure.kind not in STOPPERS:
                await self._sink.keep(output)
            return output

    async def close(self) -> None:
        """The model belongs to the shelf."""
