"""Three bots' clocks as processes on the night of 1 November 2026 in New York, when 01:30 comes twice: one digest."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db import open_store
from db.places import Places
from tests.bot.test_schedule import NIGHT, watched
from tests.stores import postgres_database

pytestmark = pytest.mark.slow
FIRST, AGAIN = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
DIGEST = "digest mo1:2026-11-01T01:30"
PATIENCE_S = 90.0


@asynccontextmanager
async def ringing(url: str, shift: str, how_many: int, log: Path) -> AsyncIterator[tuple[str, list[int]]]:
    """The shift and the process ids; all are killed at the end."""
    words = ("-m", "tests.bot.ringers", url, shift, str(how_many), str(log))
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    shift = (await process.stdout.readline()).decode().strip()
    pids = [int(await process.stdout.readline()) for _ in range(how_many)]
    try:
        yield shift, pids
    finally:
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        await process.wait()


async def noted(log: Path, line: str, times: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while lines(log).count(line) < times:  # noqa: ASYNC110  other processes write them
            await asyncio.sleep(0.02)


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


async def test_one_digest_for_three_bots_a_restart_at_the_tick_and_an_hour_that_comes_twice(tmp_path: Path) -> None:
    async with postgres_database() as url:
        store, log = await open_store(Places(home=tmp_path, database_url=url)), tmp_path / "log"
        await watched(store, cron="30 1 * * *", timezone=NIGHT)
        async with ringing(url, FIRST.isoformat(), 3, log) as (shift, pids):
            await noted(log, "ready", 3)
            await noted(log, "rang", 1)
            os.kill(pids[0], signal.SIGKILL)
            async with ringing(url, shift, 1, log):
                await noted(log, "ready", 4)
                await noted(log, "rang", 3)
        assert lines(log).count(DIGEST) == 1
        (digest,) = await store.monitors.digests("mo1")
        assert await store.monitors.finish(digest.id, "{}")
        await store.close()
        async with ringing(url, AGAIN.isoformat(), 3, log):
            rang = lines(log).count("rang")
            await noted(log, "ready", 7)
            await noted(log, "rang", rang + 3)
            await asyncio.sleep(0.5)
        assert [line for line in lines(log) if line.startswith("digest")] == [DIGEST]
