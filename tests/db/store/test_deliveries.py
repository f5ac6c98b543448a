"""Deliveries that come together are written together: each is answered for its own row, and stands or falls by itself."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from db import Store
from db.engine import Database
from pipeline.errors import TemporaryError
from tests.stores import START, SteadyClock, sqlite_store


class WatchedDatabase(Database):
    """Counts its transactions; each waits for `gate` before it begins, and again before it commits."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.writes, self.away = 0, False
        self.begin, self.commit = asyncio.Event(), asyncio.Event()
        self.begin.set()
        self.commit.set()

    @asynccontextmanager
    async def write(self, begin: str = "IMMEDIATE") -> AsyncIterator[AsyncConnection]:
        self.writes += 1
        await self.begin.wait()
        if self.away:
            raise TemporaryError("The database cannot be reached right now.")
        async with super().write(begin) as tx:
            yield tx
            await self.commit.wait()


@pytest.fixture
async def watched(store: Store, clock: SteadyClock) -> AsyncIterator[tuple[Store, WatchedDatabase]]:
    database = WatchedDatabase(store._database.url)
    yield Store(database, clock), database
    await database.close()


def together(store: Store, keys: Sequence[str]) -> list["asyncio.Task[str]"]:
    return [asyncio.create_task(store.deliveries.receive(key, "event", "{}", START)) for key in keys]


async def outcomes(tasks: Sequence["asyncio.Task[str]"]) -> list[str]:
    """What each was told, or the name of its error."""
    if tasks:
        await asyncio.wait(tasks)
    return ["CancelledError" if t.cancelled() else type(e).__name__ if (e := t.exception()) else t.result() for t in tasks]


async def test_what_comes_before_a_transaction_begins_is_written_in_it(watched: tuple[Store, WatchedDatabase]) -> None:
    store, database = watched
    database.begin.clear()
    tasks = together(store, [f"ev{n}" for n in range(30)])
    await asyncio.sleep(0)
    database.begin.set()
    assert await outcomes(tasks) == ["new"] * 30
    assert database.writes == 1
    assert len(await store.deliveries.waiting(START.replace(year=2027))) == 30


async def test_nobody_is_told_before_the_commit_and_who_comes_meanwhile_does_not_wait_to_begin(
    watched: tuple[Store, WatchedDatabase],
) -> None:
    store, database = watched
    database.commit.clear()
    first = together(store, ["ev1", "ev2"])
    await asyncio.sleep(0.1)
    later = together(store, ["ev3"])
    await asyncio.sleep(0.05)
    assert not any(task.done() for task in [*first, *later])
    assert database.writes == 2
    database.commit.set()
    assert await outcomes([*first, *later]) == ["new"] * 3


async def test_a_database_that_is_away_fails_those_that_came_together_and_nobody_after_them(
    watched: tuple[Store, WatchedDatabase],
) -> None:
    store, database = watched
    database.away = True
    assert await outcomes(together(store, ["ev1", "ev2", "ev3"])) == ["TemporaryError"] * 3
    assert database.writes == 1
    database.away = False
    assert await outcomes(together(store, ["ev1", "ev4"])) == ["new", "new"]


async def test_one_bad_delivery_fails_alone(store: Store) -> None:
    bad = "command:\ud800"  # no text a database can hold
    told = await outcomes(together(store, ["ev1", bad, "ev2", "ev1"]))
    assert told[1] not in {"new", "waiting", "done"}
    assert [told[0], *told[2:]] == ["new", "new", "waiting"]
    assert [d.key for d in await store.deliveries.waiting(START.replace(year=2027))] == ["ev1", "ev2"]


async def test_who_hangs_up_leaves_the_others_answered(store: Store) -> None:
    tasks = together(store, ["ev1", "ev2", "ev3"])
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert await outcomes(tasks) == ["CancelledError", "new", "new"]


@settings(max_examples=15, deadline=None)
@given(bursts=st.lists(st.lists(st.sampled_from("abcdef"), max_size=8), max_size=4))
def test_whatever_comes_with_whatever_each_key_is_new_once(bursts: list[list[str]]) -> None:
    async def deliver(home: Path) -> None:
        async with sqlite_store(home) as store:
            seen: set[str] = set()
            for burst in bursts:
                for key, word in zip(burst, await outcomes(together(store, burst)), strict=True):
                    assert word == ("waiting" if key in seen else "new")
                    seen.add(key)

    with TemporaryDirectory() as home:
        asyncio.run(deliver(Path(home)))
