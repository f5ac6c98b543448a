"""The engine's client on a real DBOS database: what is queued is queued once."""

import asyncio
from pathlib import Path

from agent.engine import DbosEngine, WorkKind
from db.places import Places


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
