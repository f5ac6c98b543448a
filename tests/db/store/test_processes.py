"""A name has one holder while its beats last; who is silent is dead to the others."""

import asyncio
from datetime import UTC, datetime

from db import Store
from db.records import ProcessKind
from tests.stores import SteadyClock

SOON, LONG = 0.2, 60.0
WORKER = ProcessKind.WORKER


async def pass_soon(clock: SteadyClock) -> None:
    """Beyond `SOON`, on SQLite by the test's clock, on Postgres by its own."""
    clock.pass_seconds(SOON)
    await asyncio.sleep(SOON + 0.05)


async def take(store: Store, holder: str, seconds: float = LONG, inherits: frozenset[str] = frozenset()) -> str | None:
    return await store.processes.take(WORKER, "one", holder, "host", seconds, inherits=inherits)


async def test_a_name_has_one_holder_until_it_falls_silent(store: Store, clock: SteadyClock) -> None:
    assert await take(store, "a", SOON) == ""
    assert await take(store, "b") is None
    assert await store.processes.beat(WORKER, "one", "a", SOON)
    await pass_soon(clock)
    assert await take(store, "b") == "a"
    assert not await store.processes.beat(WORKER, "one", "a", SOON)
    assert await store.processes.beat(WORKER, "one", "b", LONG)


async def test_two_at_once_are_told_apart(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        taking = [group.create_task(take(store, holder)) for holder in "abcd"]
    assert sum(task.result() is not None for task in taking) == 1


async def test_who_knows_that_the_last_holder_is_dead_waits_for_nobody(store: Store) -> None:
    assert await take(store, "a") == ""
    assert await take(store, "b", inherits=frozenset({"c", "d"})) is None
    assert await take(store, "b", inherits=frozenset({"c", "a"})) == "a"


async def test_a_name_that_was_let_go_is_free_and_still_listed(store: Store) -> None:
    await take(store, "a")
    await store.processes.leave(WORKER, "one", "b")
    assert [each.alive for each in await store.processes.listed()] == [True]
    await store.processes.leave(WORKER, "one", "a")
    (gone,) = await store.processes.listed()
    assert (gone.alive, gone.name, gone.host, gone.kind) == (False, "one", "host", WORKER)
    assert await take(store, "b") == "a"


async def test_the_buried_cannot_go_on_and_the_living_are_not_buried(store: Store, clock: SteadyClock) -> None:
    await take(store, "a", SOON)
    await store.processes.bury(WORKER)
    assert await store.processes.beat(WORKER, "one", "a", SOON)
    await pass_soon(clock)
    await store.processes.bury(ProcessKind.BOT)
    assert await store.processes.beat(WORKER, "one", "a", SOON)
    await pass_soon(clock)
    await store.processes.bury(WORKER)
    assert not await store.processes.beat(WORKER, "one", "a", SOON)


async def test_the_dead_are_forgotten_in_time(store: Store, clock: SteadyClock) -> None:
    await take(store, "a", SOON)
    await store.processes.take(ProcessKind.BOT, "b", "b", "host", LONG)
    await pass_soon(clock)
    await store.processes.forget(WORKER, LONG)
    assert len(await store.processes.listed()) == 2
    await store.processes.forget(WORKER, 0)
    await store.processes.forget(ProcessKind.BOT, 0)
    assert [each.name for each in await store.processes.listed()] == ["b"]


async def test_the_clock_of_a_host_is_held_against_the_database(store: Store, clock: SteadyClock) -> None:
    clock.now = datetime.now(UTC)
    clock.pass_seconds(90)
    ahead = await store.processes.ahead_s()
    assert ahead == 0 if store.processes.db.is_sqlite else 85 < ahead < 95
