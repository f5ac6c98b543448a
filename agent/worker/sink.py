"""Between a chunk's calls and the store: a call keeps its place until its output is committed.

So what a kill can make us pay again is at most the calls in flight. Outputs that arrive while a transaction runs share the next
one, which keeps fast models fast.
"""

import asyncio

from agent.worker.boundary import persist
from agent.worker.shelf import Bounded
from db.store import Store
from pipeline.records import Criteria, Output, Request, Sample, Score

STOPPERS = frozenset({"access", "model_not_enabled", "needs_inference_profile", "unknown_model", "validation"})
"""Kinds of failure that every further call of the run would meet as well: somebody has to change something first."""


class Sink:
    """Belongs to one chunk: scores its outputs with the plan's code metrics, checks of people among them, and saves them."""

    def __init__(self, store: Store, run_id: str, samples: tuple[Sample, ...], criteria: Criteria | None) -> None:
        self._store, self._run_id, self._criteria = store, run_id, criteria
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
        from pipeline.metrics import by_code, score_run

        if self._criteria is None:
            return ()
        samples = [self._samples[output.sample_id] for output in batch]
        return tuple(score_run(samples, batch, by_code(self._criteria), self._criteria))


class Kept:
    """A model whose every answer is in the store before the next call takes its place."""

    def __init__(self, model: Bounded, sink: Sink) -> None:
        self.ref, self.concurrency = model.ref, model.concurrency
        self._model, self._sink = model, sink

    async def answer(self, request: Request) -> Output:
        """A failure that every call would meet is not kept: the run stops with it, and is asked again once it is repaired."""
        async with self._model.place():
            output = await self._model.answer(request)
            if output.failure is None or output.failure.kind not in STOPPERS:
                await self._sink.keep(output)
            return output

    async def close(self) -> None:
        """The model belongs to the shelf."""
