"""The buffer between a chunk's calls and the store. An output leaves it only when it is committed."""

import asyncio
import time

from agent.worker.boundary import persist
from db.store import Store
from pipeline.records import Output, Sample, Score

FLUSH_AT = 20
FLUSH_S = 1.0


class Sink:
    """Belongs to one chunk: scores its outputs with the plan's code metrics and saves them in batches."""

    def __init__(self, store: Store, run_id: str, samples: tuple[Sample, ...], metrics: tuple[str, ...]) -> None:
        self._store, self._run_id, self._metrics = store, run_id, metrics
        self._samples = {sample.id: sample for sample in samples}
        self._waiting: list[Output] = []
        self._since = time.monotonic()
        self._writing = asyncio.Lock()

    async def add(self, output: Output) -> None:
        """Keep an output; every FLUSH_AT of them are saved at once, whoever stops waiting for it."""
        self._waiting.append(output)
        if len(self._waiting) >= FLUSH_AT:
            await asyncio.shield(self.flush())

    @property
    def is_due(self) -> bool:
        return bool(self._waiting) and time.monotonic() - self._since >= FLUSH_S

    async def flush(self) -> None:
        """Save what is waiting; tried again while the database is away, so that no answer is paid for twice."""
        async with self._writing:
            batch = tuple(self._waiting)
            if batch:
                scores = await asyncio.to_thread(self._scored, batch)
                await persist(lambda: self._store.runs.save(self._run_id, batch, scores), run=self._run_id)
                del self._waiting[: len(batch)]
            self._since = time.monotonic()

    def _scored(self, batch: tuple[Output, ...]) -> tuple[Score, ...]:
        from pipeline.metrics import score_run

        samples = [self._samples[output.sample_id] for output in batch]
        return tuple(score_run(samples, batch, self._metrics))
