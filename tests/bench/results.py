"""What a million outputs with ten scores each take: stored as a worker stores them, counted, exported. Real rows, real texts.

`python -m tests.bench results` measures 20,000; `python -m tests.bench.results 1000000 sqlite` any number, on `sqlite` or on
`postgres` (a database of its own at FERRY_TEST_POSTGRES_URL). Each size runs in its own process, so that memory is its own.
"""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from sqlalchemy import text

from db import Store
from db.records import Run, RunStatus
from pipeline.export import Exported, open_tables
from pipeline.records import Output, RunKey, Score, Split, Usage
from tests import stores
from tests.db.facts import PROMPT, frozen, opened

SIZE, BATCH = 20_000, 500
METRICS = tuple(f"metric_{number}" for number in range(10))
WORDS = ("card", "transfer", "pending", "arrived", "refund", "limit", "exchange", "top-up", "identity", "cancel")
HEADER = " outputs  database  stored/s  store CPU s  MB on disk  count s  export s  export MB  peak RSS MB"


async def measure(number: int, database: str) -> str:
    """A line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        async with stores.fresh_store(database, Path(folder), stores.SteadyClock()) as store:
            run = await queued_run(store, number)
            wall, cpu = time.perf_counter(), time.process_time()
            for low in range(0, number, BATCH):
                await store.runs.save(run.id, *_batch(low, min(low + BATCH, number)))
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            began = time.perf_counter()
            assert await store.runs.scored([run.id], METRICS) == number * len(METRICS)
            counted = time.perf_counter() - began
            began = time.perf_counter()
            exported = await _export(store, run, Path(folder) / "export")
            took = time.perf_counter() - began
            disk = await _disk(store) if database == "postgres" else _megabytes(Path(folder)) - exported
    return (
        f"{number:>8,}  {database:<8}  {number / wall:>8,.0f}  {cpu:>11.1f}  {disk:>10,.0f}  {counted:>7.2f}  {took:>8.1f}"
        f"  {exported:>9.0f}  {peak_mb():>11.0f}"
    )


async def queued_run(store: Store, number: int) -> Run:
    """A run of `number` outputs that has none yet."""
    migration = await opened(store)
    key = RunKey(model="scripted:a", prompt_hash=PROMPT.hash, split=Split.DEV)
    return await store.runs.add(
        Run(
            id="bench", migration_id=migration.id, dataset_id=await frozen(store, migration, 2), stage="baseline", key=key,
            label="source", status=RunStatus.QUEUED, total=number,
        )
    )  # fmt: skip


def _batch(low: int, high: int) -> tuple[list[Output], list[Score]]:
    chance = random.Random(low)
    outputs, scores = [], []
    for number in range(low, high):
        said = " ".join(chance.choices(WORDS, k=40))
        usage = Usage(input_tokens=420, output_tokens=45)
        outputs.append(
            Output(sample_id=f"s{number:08}", text=said, stop_reason="end_turn", usage=usage, latency_s=chance.random())
        )
        scores += [Score(sample_id=f"s{number:08}", metric=name, value=round(chance.random(), 3)) for name in METRICS]
    return outputs, scores


async def _export(store: Store, run: Run, folder: Path) -> float:
    about = Exported(id=run.id, stage=run.stage, key=run.key)
    with open_tables(folder) as tables:
        async for outputs in store.exports.outputs(run.id):
            tables.add_outputs(about, outputs)
        async for scores in store.exports.scores(run.id):
            tables.add_scores(about, scores)
    return _megabytes(folder)


async def _disk(store: Store) -> float:
    async with store.exports.db.read() as tx:
        size = await tx.scalar(text("SELECT pg_database_size(current_database())"))
    return float(size) / 1e6


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def peak_mb() -> float:
    """Of this process alone: `ru_maxrss` would count the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _databases() -> Iterator[str]:
    yield "sqlite"
    if os.environ.get(stores.POSTGRES):
        yield "postgres"


async def lines() -> AsyncIterator[str]:
    """The table, a line as soon as it is measured."""
    yield HEADER
    for database in _databases():
        call = (sys.executable, "-m", "tests.bench.results", str(SIZE), database)
        process = await asyncio.create_subprocess_exec(*call, stdout=asyncio.subprocess.PIPE)
        yield (await process.communicate())[0].decode()


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(measure(int(sys.argv[1]), sys.argv[2])))
