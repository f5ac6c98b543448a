"""Postgres is away, and the operator stops Ferry: its processes end, though some of their threads would wait for it for ever."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from bot.supervise import STOP_S
from tests.cluster import cluster
from tests.journey.hosts import large_run, worker
from tests.journey.nursery import Nursery
from tests.journey.script import write_script
from tests.journey.stage import BOT, WORKER, open_stage
from tests.journey.story import Cast

pytestmark = pytest.mark.slow
LONG_S, AWAY_S = 120.0, 3.0


async def test_processes_that_are_stopped_while_the_database_is_away_end(tmp_path: Path, nursery: Nursery) -> None:
    with cluster() as own:
        async with open_stage(tmp_path / "home", "away", nursery, database_url=own.url()) as stage:
            stage.start(BOT, WORKER)
            await stage.ready(BOT, WORKER)
            cast = Cast(workspace=stage.workspace, script=write_script(tmp_path, latency_s=1.0))
            await cast.play(lambda c: bool(c.says("Runs candidates:1")), LONG_S)
            await asyncio.to_thread(own.stop_at_once)
            await asyncio.sleep(AWAY_S)
            asked = time.monotonic()
            assert await stage.stop() == {BOT: 0, WORKER: 0}
            assert time.monotonic() - asked < STOP_S


async def test_a_worker_that_is_stopped_amid_a_run_while_the_database_is_away_ends(tmp_path: Path, nursery: Nursery) -> None:
    """It has begun chunks, whose ends DBOS writes as soon as the database is back: nobody waits for that."""
    with cluster() as own:
        async with worker("one", tmp_path, own.url(), nursery) as one:
            async with large_run(tmp_path, own.url(), 8_000, latency_s=0.2, every=4) as large:
                await large.until(300)
            await asyncio.to_thread(own.stop_at_once)
            await asyncio.sleep(AWAY_S)
            asked = time.monotonic()
            assert await one.end(signal.SIGTERM) == 0
            assert time.monotonic() - asked < STOP_S
