"""Several workers on one Postgres: what one leaves undone when it dies, stands still or is cut off, the others do, once."""

import asyncio
import math
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.cluster import cluster
from tests.journey.hosts import IN_FLIGHT, LargeRun, Worker, large_run, worker
from tests.journey.nursery import Nursery
from tests.journey.stage import Fresh
from tests.network import hosts
from tests.stores import CROWDED, postgres_database

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(CROWDED)]
READY, TAKEN_OVER, LOST = "worker ready", "work taken over", "name lost"
TAKEN_OVER_S = 10.0
CALL_S = 0.2
"""Seconds of a call: so many that most of the run is still to do when something happens."""


@asynccontextmanager
async def two_workers(
    home: Path, url: str, nursery: Nursery, size: int = 8_000, latency_s: float = CALL_S
) -> AsyncIterator[tuple[LargeRun, Worker, Worker]]:
    """Both ready, and the run submitted; `size` / 4 calls are to be made."""
    async with AsyncExitStack() as ends:
        large = await ends.enter_async_context(large_run(home, url, size, latency_s=latency_s, every=4, submitted=False))
        one, two = [await ends.enter_async_context(worker(name, home, url, nursery)) for name in ("one", "two")]
        await _begin(large, one, two)
        yield large, one, two


async def _begin(large: LargeRun, *workers: Worker) -> None:
    """All of them, so that each has a part of the run when something happens to it."""
    for each in workers:
        await each.says(READY)
    await large.submit()


async def test_a_worker_killed_amid_20_000_samples_costs_what_it_had_in_flight_and_not_stored(
    tmp_path: Path, nursery: Nursery
) -> None:
    async with postgres_database() as url, two_workers(tmp_path, url, nursery, 20_000, CALL_S / 2) as (large, one, two):
        await large.until(2_000)
        await one.end(signal.SIGKILL)
        killed = time.monotonic()
        await two.says(TAKEN_OVER)
        assert time.monotonic() - killed <= TAKEN_OVER_S
        await large.until_done()
        await large.check(extra=2 * IN_FLIGHT)


async def test_a_killed_worker_that_comes_back_goes_on_at_once(tmp_path: Path, nursery: Nursery) -> None:
    """Once it is ready, what it had begun is queued again: by itself, or by the other, which sees that the old holder is gone."""
    async with postgres_database() as url, two_workers(tmp_path, url, nursery) as (large, one, two):
        await large.until(600)
        await one.end(signal.SIGKILL)
        before = one.told.count(READY)
        one.start()
        await one.says(READY, times=before + 1)
        assert TAKEN_OVER in one.told + two.told
        await large.until_done()
        await large.check(extra=2 * IN_FLIGHT)


async def test_what_a_stopped_worker_leaves_is_done_by_the_other(tmp_path: Path, nursery: Nursery) -> None:
    async with postgres_database() as url, two_workers(tmp_path, url, nursery) as (large, one, _):
        await large.until(600)
        assert await one.end(signal.SIGTERM) == 0
        await large.until_done()
        await large.check(extra=0)


async def test_a_worker_that_only_stood_still_ends_when_it_comes_to_itself(tmp_path: Path, nursery: Nursery) -> None:
    """Taken for dead by mistake: it does no harm but what it had in flight and not stored, and its calls until it learns it."""
    async with postgres_database() as url, two_workers(tmp_path, url, nursery) as (large, one, two):
        await large.until(600)
        one.send(signal.SIGSTOP)
        await two.says(TAKEN_OVER)
        back = time.time()
        one.send(signal.SIGCONT)
        assert await one.end() == 2
        assert "was silent for too long" in one.told
        await large.until_done()
        await large.check(extra=2 * IN_FLIGHT + _calls_since(back, one))


async def test_two_workers_of_one_name_are_one_too_many(tmp_path: Path, nursery: Nursery) -> None:
    async with postgres_database() as url, worker("one", tmp_path, url, nursery) as one:
        await one.says("worker ready")
        same_folder = Worker(name="one", home=one.home, url=url, starter=nursery)
        elsewhere = Worker(name="one", home=tmp_path / "elsewhere", url=url, starter=nursery)
        for second in (same_folder, elsewhere):
            second.start()
        third = Worker(name="one", home=tmp_path / "third", url=url, starter=nursery)
        third.start()
        await third.says("waiting for the name")
        assert await third.end(signal.SIGTERM) == 0
        for second in (same_folder, elsewhere):
            assert await second.end() == 2
            assert "A worker named one is running already. Stop it, or give this one a FERRY_WORKER_NAME" in second.told
        assert await one.end(signal.SIGTERM) == 0


async def test_postgres_restarted_at_once_loses_nothing(tmp_path: Path, nursery: Nursery) -> None:
    with cluster() as own:
        async with two_workers(tmp_path, own.url(), nursery) as (large, one, two):
            await large.until(600)
            await asyncio.to_thread(own.restart_at_once)
            await large.until_done()
            await large.check(extra=3 * IN_FLIGHT)
            assert [each.told for each in (one, two) if TAKEN_OVER in each.told or "name lost" in each.told] == []


async def test_a_host_that_is_cut_off_loses_its_work_to_another_and_ends_when_it_is_back(tmp_path: Path) -> None:
    with hosts(1, 2) as (near, far), cluster(("127.0.0.1", near.near, far.near)) as own:
        async with AsyncExitStack() as ends:
            large = await ends.enter_async_context(
                large_run(tmp_path, own.url(), 8_000, latency_s=CALL_S, every=4, submitted=False)
            )
            started = [worker(each.name, tmp_path, own.url(each.near), Fresh(each.inside)) for each in (near, far)]
            one, two = [await ends.enter_async_context(each) for each in started]
            await _begin(large, one, two)
            await large.until(600)
            near.pull_out()
            await two.says(TAKEN_OVER)
            back = time.time()
            near.plug_in()
            assert await one.end() == 2
            assert "was silent for too long" in one.told
            await large.until_done()
            await large.check(extra=2 * IN_FLIGHT + _calls_since(back, one))


def _calls_since(back: float, one: Worker) -> int:
    """How many it can have made until its next beat told it that others do its work."""
    return IN_FLIGHT * math.ceil((one.said_at(LOST) - back) / CALL_S)
