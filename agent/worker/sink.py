"""Between a chunk's calls and the store: outputs wait a moment for others, then one transaction takes them all.

At most as many wait as calls are in flight, so a kill makes us pay again at most twice the calls in flight; with models that take
seconds it is those in flight and the outputs of the last twentieth of a second.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from time import monotonic

from agent.worker.boundary import persist
from agent.worker.shelf import Bounded
from db.store import Store
from pipeline.metrics import CodeMetric, score_with
from pipeline.models.failures import STOPPERS
from pipeline.prompts.steps.finish import finish
from pipeline.records import Lane, Output, Request, Sample, Score, Step

JUDGE_STOPPERS, JUDGE_THROTTLED, JUDGE_BUDGET = frozenset({"judge access"}), "judge throttled", "judge budget"
BATCH, BATCH_S = 50, 1.0
LINGER_S = 0.05
"""How long an output waits for others: a transaction for each would keep a core busy at a few hundred calls a second."""


class Sink:
    """Belongs to one chunk: scores its outputs with the plan's code metrics, checks of people among them, and saves them.

    `most` outputs may wait for their transaction; who brings one more waits for it too.
    """

    def __init__(
        self, store: Store, run_id: str, samples: tuple[Sample, ...], metrics: tuple[CodeMetric, ...], most: int
    ) -> None:
        self._store, self._run_id, self._metrics, self._most = store, run_id, metrics, most
        self._samples = {sample.id: sample for sample in samples}
        self._waiting: dict[str, Output] = {}
        self._full, self._room = asyncio.Event(), asyncio.Event()
        self._saving: asyncio.Task[None] | None = None

    async def keep(self, output: Output) -> None:
        """Takes an output for the next transaction. Raises what an earlier one failed with."""
        self._waiting[output.sample_id] = output
        self._go_on()
        while len(self._waiting) >= self._most:
            self._full.set()
            self._room.clear()
            await self._room.wait()
            self._go_on()

    async def drain(self) -> None:
        """Returns once everything is committed; what failed before is tried once more."""
        if self._saving is not None:
            self._full.set()
            await asyncio.wait([self._saving])
            if not self._saving.cancelled():
                self._saving.exception()  # looked at, so that nobody calls it lost: what failed waits still
        await self._flush()

    def _go_on(self) -> None:
        if self._saving is None or self._saving.done():
            if self._saving is not None:
                self._saving.result()
            self._saving = asyncio.create_task(self._save())

    async def _save(self) -> None:
        """Until nothing waits: what comes while a transaction runs is the next one, as soon as it is worth one."""
        while self._waiting:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._full.wait(), LINGER_S)
            self._full.clear()
            await self._flush()

    async def _flush(self) -> None:
        """Tried again while the database is away; an output stops waiting only after the commit."""
        batch = tuple(self._waiting.values())
        if not batch:
            return
        try:
            scores = await asyncio.to_thread(self._scored, batch)
            await persist(lambda: self._store.runs.save(self._run_id, batch, scores), run=self._run_id)
            for output in batch:
                del self._waiting[output.sample_id]
        finally:
            self._room.set()

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
    """A model whose every answer goes to the store, as the `steps` of the prompt leave it."""

    def __init__(self, model: Bounded, sink: Sink, lane: Lane = Lane.NONE, steps: tuple[Step, ...] = ()) -> None:
        self.ref, self.concurrency = model.ref, model.concurrency
        self._model, self._sink, self._lane, self._steps = model, sink, lane, steps

    async def answer(self, request: Request) -> Output:
        """A failure that every call would meet is not kept: the run stops with it, and is asked again once it is repaired."""
        async with self._model.place():
            output = finish(self._steps, replace(await self._model.answer(request), lane=self._lane))
        if output.failure is None or output.failure.kind not in STOPPERS:
            await self._sink.keep(output)
        return output

    async def close(self) -> None:
        """The model belongs to the shelf."""
