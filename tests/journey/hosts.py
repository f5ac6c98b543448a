"""A large run, and processes that know each other through Postgres alone: each has a data folder of its own, as hosts have.

The model is a script whose log, a line for each call, counts what was paid for across processes and kills.
"""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from agent.conversation import open_conversation, utc_now
from agent.engine import DbosEngine, WorkKind
from agent.worker.shelf import Shelf, opener
from agent.worker.tools import Tools
from db import Store, open_store
from db.places import Places
from db.records import Run, RunStatus
from pipeline.models.settings import ModelSettings
from pipeline.records import Dataset, Output, RunKey, Sample, Split
from tests.db.facts import NEW, PROMPT
from tests.journey.stage import PATIENCE_S, Starter, ended

IN_FLIGHT, LATENCY_S = 50, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeRun:
    places: Places
    store: Store
    engine: DbosEngine
    run: Run
    log: Path
    every: int

    async def submit(self) -> None:
        await self.engine.submit(WorkKind.RUN, self.run.id, self.run.id)

    def calls(self) -> Counter[str]:
        """How often each sample was asked."""
        return Counter(self.log.read_text(encoding="utf-8").split()) if self.log.exists() else Counter()

    def called(self) -> int:
        """How many calls there were; cheap enough to ask often."""
        return self.log.stat().st_size // LINE if self.log.exists() else 0

    async def until(self, calls: int) -> None:
        """Wait until the model has had so many calls."""
        async with asyncio.timeout(PATIENCE_S):
            while self.called() < calls:  # noqa: ASYNC110  other processes call
                await asyncio.sleep(0.02)

    async def until_done(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while (await self.store.runs.get(self.run.id)).status is not RunStatus.DONE:  # noqa: ASYNC110  others do it
                await asyncio.sleep(0.1)

    async def check(self, *, extra: int) -> None:
        """Every sample has its one output, and at most `extra` calls were made a second time."""
        assert (await self.store.runs.get(self.run.id)).stored == self.run.total
        assert len(await self.store.runs.stored_ids(self.run.id)) == self.run.total
        asked = self.calls()
        assert len(asked) == self.run.total // self.every
        assert asked.total() - len(asked) <= extra


SAMPLE = "s{:06}"
LINE = len(SAMPLE.format(0)) + 1


@dataclass(kw_only=True)
class Worker:
    """`ferry worker` under a name; started, killed and stopped by the test that owns it."""

    name: str
    home: Path
    url: str
    starter: Starter
    pid: int | None = None

    @property
    def log(self) -> Path:
        return self.home / "worker.log"

    @property
    def told(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        environment = {"FERRY_HOME": str(self.home), "FERRY_DATABASE_URL": self.url, "FERRY_WORKER_NAME": self.name}
        self.pid = self.starter.start(["worker"], environment, self.log)

    def send(self, number: signal.Signals) -> None:
        assert self.pid
        os.kill(self.pid, number)

    async def end(self, number: signal.Signals | None = None) -> int:
        """Wait for its end, after a signal or of its own, and kill it where it does not come; the exit code."""
        assert self.pid
        if number:
            self.send(number)
        pid, self.pid = self.pid, None
        return await ended(self.starter, pid)

    async def says(self, words: str, times: int = 1) -> None:
        """Wait until it has logged them, so often."""
        async with asyncio.timeout(PATIENCE_S):
            while self.told.count(words) < times:  # noqa: ASYNC110  another process writes them
                await asyncio.sleep(0.02)

    def said_at(self, words: str) -> float:
        """When it logged them first, in seconds since the epoch."""
        line = next(line for line in self.told.splitlines() if words in line and line.startswith("{"))
        return datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp()


@asynccontextmanager
async def worker(name: str, home: Path, url: str, starter: Starter) -> AsyncIterator[Worker]:
    """Started, and ended with the test."""
    started = Worker(name=name, home=home / name, url=url, starter=starter)
    started.start()
    try:
        yield started
    finally:
        if started.pid:
            await started.end(signal.SIGKILL)


@asynccontextmanager
async def large_run(
    home: Path,
    url: str | None,
    size: int,
    *,
    latency_s: float = LATENCY_S,
    concurrency: int = IN_FLIGHT,
    every: int = 1,
    submitted: bool = True,
) -> AsyncIterator[LargeRun]:
    """With nobody to work on it yet. Only every so-manieth sample is left to answer: many chunks, and tests that end soon."""
    home.mkdir(parents=True, exist_ok=True)
    script, log = home / "target.json", home / "target.log"
    about = {"default": "yes", "latency_s": latency_s, "concurrency": concurrency, "log": str(log)}
    script.write_text(json.dumps(about), encoding="utf-8")
    places = Places(home=home / "submitter", database_url=url)
    store, engine = await open_store(places), DbosEngine(places.engine_url)
    try:
        run = await _queued(store, f"scripted:{script}", size)
        done = [Output(sample_id=SAMPLE.format(n), text="yes") for n in range(size) if n % every]
        await store.runs.save(run.id, done, ())
        large = LargeRun(places=places, store=store, engine=engine, run=run, log=log, every=every)
        if submitted:
            await large.submit()
        yield large
    finally:
        await engine.close()
        await store.close()


@asynccontextmanager
async def tools_of(large: LargeRun) -> AsyncIterator[Tools]:
    """What a worker in this process would work on it with."""
    shelf = Shelf(store=large.store, open_ref=opener(ModelSettings()))
    async with open_conversation(large.places, large.store, large.engine) as conversation:
        yield Tools(
            store=large.store,
            engine=large.engine,
            conversation=conversation,
            shelf=shelf,
            places=large.places,
            clock=utc_now,
        )
        await shelf.close()


async def _queued(store: Store, model: str, size: int) -> Run:
    migration = await store.migrations.open(replace(NEW, targets=(model,)))
    samples = tuple(Sample(id=SAMPLE.format(n), variables={"question": f"How {n}?"}, reference="yes") for n in range(size))
    dataset = Dataset(samples=samples, splits={sample.id: Split.DEV for sample in samples})
    await store.datasets.add_upload("large", migration.id, "large.csv", "uploads/large", "U1")
    version = await store.datasets.freeze("large", dataset)
    key = RunKey(model=model, prompt_hash=PROMPT.hash, split=Split.DEV)
    return await store.runs.add(_run(migration.id, version.id, key, size))


def _run(migration_id: str, dataset_id: str, key: RunKey, total: int) -> Run:
    about = {"stage": "baseline", "label": key.model, "status": RunStatus.QUEUED}
    return Run(id="large", migration_id=migration_id, dataset_id=dataset_id, key=key, total=total, **about)  # type: ignore[arg-type]
