"""What the engine costs, and what a second worker brings. The last two parts need FERRY_TEST_POSTGRES_URL.

A fake model of 50 ms; answers are committed together, at most as many as calls are in flight. Workers have data folders of their
own, so they know each other through Postgres alone. Turns of what is compared alternate; the figure is the median.
"""

import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from agent.worker import durable, runs
from agent.worker.settings import WorkerSettings
from agent.worker.takeover import executor_id
from tests.journey.hosts import LargeRun, Worker, large_run, tools_of, worker
from tests.journey.stage import Fresh
from tests.stores import POSTGRES, postgres_database

SIZE, CHUNK, IN_FLIGHT, TURNS = 10_000, 500, 20, 3
SCALED, KILLED, KILLED_IN_FLIGHT = 20_000, 20_000, 50


async def lines() -> AsyncIterator[str]:
    """The cost of the engine, one and two workers, a kill."""
    yield f"engine: {SIZE:,} samples in chunks of {CHUNK}, {IN_FLIGHT} in flight, SQLite (ideal {20 * IN_FLIGHT:,} samples/s)"
    found: dict[str, list[tuple[float, float]]] = {"none": [], "dbos": []}
    for _ in range(TURNS):
        for name, measured in found.items():
            measured.append(await _measured_apart(name))
    for name, measured in found.items():
        rate, cpu = (statistics.median(each[place] for each in measured) for place in (0, 1))
        yield f"  {name:<5} {rate:>6,.0f} samples/s  {cpu:.2f} CPU s per 1,000"
    if POSTGRES in os.environ:
        yield f"workers on Postgres: {SCALED:,} samples, {IN_FLIGHT} in flight each"
        rates = {count: [await _scaled(count) for _ in range(TURNS)] for count in (1, 2)}
        one, two = (statistics.median(rates[count]) for count in (1, 2))
        yield f"  one {one:,.0f} samples/s, two {two:,.0f}: {two / one:.2f} times"
        yield await _killed()


async def _measured_apart(engine: str) -> tuple[float, float]:
    """Samples a second and CPU seconds per 1,000, of a process of its own."""
    call = (sys.executable, "-m", "tests.bench.hosts", engine)
    process = await asyncio.create_subprocess_exec(*call, stdout=asyncio.subprocess.PIPE)
    rate, cpu = (await process.communicate())[0].decode().split()[-2:]
    return float(rate), float(cpu)


async def measure(engine: str) -> str:
    """One run over `SIZE` samples by the worker's own code, its chunks called by DBOS or by two tasks."""
    runs.CHUNK["scripted"] = CHUNK
    with tempfile.TemporaryDirectory() as home:
        opened = large_run(Path(home), None, SIZE, concurrency=IN_FLIGHT, submitted=engine == "dbos")
        async with opened as large, tools_of(large) as tools:
            settings, began, cpu = WorkerSettings(), time.perf_counter(), time.process_time()
            if engine == "dbos":
                await durable.launch(tools.places.engine_url, settings, tools, executor_id("bench", "1"))
                began, cpu = time.perf_counter(), time.process_time()
                await large.until_done()
            else:
                spans = iter(list(runs.spans(large.run)))

                async def work() -> None:
                    for low, high in spans:
                        await runs.chunk(tools, large.run.id, str(low), str(high))

                async with asyncio.TaskGroup() as group:
                    for _ in range(2):
                        group.create_task(work())
            seconds, spent = time.perf_counter() - began, time.process_time() - cpu
            if engine == "dbos":
                await durable.stop(1)
    return f"{SIZE / seconds} {spent / SIZE * 1000}"


async def _scaled(count: int) -> float:
    async with postgres_database() as url, AsyncExitStack() as ends:
        home = Path(ends.enter_context(tempfile.TemporaryDirectory()))
        large = await ends.enter_async_context(large_run(home, url, SCALED, concurrency=IN_FLIGHT, submitted=False))
        await _ready(ends, home, url, count)
        await large.submit()
        await large.until(1)
        began = time.perf_counter()
        await large.until_done()
        return SCALED / (time.perf_counter() - began)


async def _ready(ends: AsyncExitStack, home: Path, url: str, count: int) -> Sequence[Worker]:
    workers = [await ends.enter_async_context(worker(f"w{n}", home, url, Fresh())) for n in range(count)]
    for each in workers:
        await each.says("worker ready")
    return workers


async def _killed() -> str:
    async with postgres_database() as url, AsyncExitStack() as ends:
        home = Path(ends.enter_context(tempfile.TemporaryDirectory()))
        large = await ends.enter_async_context(large_run(home, url, KILLED, concurrency=KILLED_IN_FLIGHT, submitted=False))
        one, two = await _ready(ends, home, url, 2)
        await large.submit()
        await large.until(KILLED // 2)
        await one.end(signal.SIGKILL)
        killed = time.perf_counter()
        await two.says("work taken over")
        took = time.perf_counter() - killed
        await large.until_done()
        await large.check(extra=2 * KILLED_IN_FLIGHT)
        return _told(large, took)


def _told(large: LargeRun, took: float) -> str:
    extra = large.calls().total() - large.run.total
    return (
        f"one of two killed amid {KILLED:,} samples: work taken over after {took:.1f} s, {large.run.total:,} outputs, "
        f"{extra} calls made twice with {KILLED_IN_FLIGHT} in flight"
    )


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(measure(sys.argv[1])))
