"""The engine's client on a real DBOS database: what is queued is queued once."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from agent.conversation import utc_now
from agent.engine import DbosEngine, WorkKind
from agent.presence import Presence
from agent.worker.takeover import LEASE, Takeover
from db import open_store
from db.places import Places
from db.records import ProcessKind


async def queued(engine: DbosEngine) -> list[tuple[str, tuple[object, ...]]]:
    found = await (await engine.connect()).list_workflows_async()
    return sorted((each.name, each.input["args"]) for each in found if each.input)


async def test_the_same_key_is_queued_once_and_other_kinds_are_not_mixed_up(tmp_path: Path) -> None:
    """Two processes start at the same moment, before any worker has made the tables."""
    engines = [DbosEngine(Places(home=tmp_path).engine_url) for _ in range(2)]
    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(engines[number % 2].submit(WorkKind.RUN, "r1", "r1"))
    await engines[0].submit(WorkKind.INGEST, "r1", "r1")
    await engines[1].submit(WorkKind.CHUNK, "r1:0", "r1", "0", "200")
    assert await queued(engines[0]) == [("chunk", ("r1", "0", "200")), ("ingest", ("r1",)), ("run", ("r1",))]
    for engine in engines:
        await engine.close()


async def test_closing_what_never_connected_is_nothing(tmp_path: Path) -> None:
    await DbosEngine(Places(home=tmp_path).engine_url).close()
    assert not (tmp_path / "engine.db").exists()


def begun_by(home: Path, executor: str) -> None:
    """As if a worker had taken everything that is queued."""
    with closing(sqlite3.connect(home / "engine.db")) as database, database:
        database.execute("UPDATE workflow_status SET status = 'PENDING', executor_id = ? WHERE status = 'ENQUEUED'", (executor,))


async def waiting(engine: DbosEngine) -> list[str]:
    found = await (await engine.connect()).list_workflows_async(status="ENQUEUED")
    return sorted(each.deduplication_id or "" for each in found)


async def test_begun_work_that_is_queued_again_keeps_its_key(tmp_path: Path) -> None:
    engine = DbosEngine(Places(home=tmp_path).engine_url)
    await engine.submit(WorkKind.CHUNK, "r1:0", "r1", "0", "200")
    assert await engine.begun() == []
    begun_by(tmp_path, "one/a")
    (work,) = await engine.begun()
    assert (work.executor, work.kind, work.key, work.args) == ("one/a", WorkKind.CHUNK, "r1:0", ("r1", "0", "200"))
    for _ in range(2):
        await engine.queue_again(work)
        await engine.submit(WorkKind.CHUNK, "r1:0", "r1", "0", "200")
    assert await waiting(engine) == ["chunk:r1:0"]
    assert await engine.begun() == []
    await engine.close()


async def test_the_work_of_the_dead_is_queued_again_and_that_of_the_living_left_alone(tmp_path: Path) -> None:
    store, engine = await open_store(Places(home=tmp_path)), DbosEngine(Places(home=tmp_path).engine_url)
    presence = Presence(store=store, home=tmp_path, kind=ProcessKind.WORKER, name="two")
    takeover = Takeover(engine=engine, presence=presence, clock=utc_now)
    await presence.arrive()
    await store.processes.take(ProcessKind.WORKER, "alive", "a", "host", 60)
    await store.processes.take(ProcessKind.WORKER, "dead", "b", "host", 0)
    for executor in ("alive/a", "alive/earlier", "dead/b", "gone/c", "two/last", "of-an-older-version", "two"):
        await engine.submit(WorkKind.RUN, executor, "r1")
        begun_by(tmp_path, executor)
    await takeover.own({"last"})
    assert await waiting(engine) == ["run:two", "run:two/last"]
    await takeover()
    assert await waiting(engine) == ["run:alive/earlier", "run:dead/b", "run:gone/c", "run:two", "run:two/last"]
    assert not await store.processes.beat(ProcessKind.WORKER, "dead", "b", 60)
    await presence.leave()
    await engine.close()
    await store.close()


async def test_one_worker_at_a_time_looks_after_the_dead(tmp_path: Path) -> None:
    store, engine = await open_store(Places(home=tmp_path)), DbosEngine(Places(home=tmp_path).engine_url)
    presence = Presence(store=store, home=tmp_path, kind=ProcessKind.WORKER, name="two")
    await engine.submit(WorkKind.RUN, "r1", "r1")
    begun_by(tmp_path, "gone/c")
    assert await store.leases.take(LEASE, "another", 60, utc_now())
    await Takeover(engine=engine, presence=presence, clock=utc_now)()
    assert await waiting(engine) == []
    await presence.leave()
    await engine.close()
    await store.close()
