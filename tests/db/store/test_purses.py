"""A migration's purse, shared by workers: together they never pass the budget, and the dead pay for what they began."""

import asyncio
from pathlib import Path

import pytest

from db import Store
from db.records import Movement
from tests.db.facts import opened
from tests.stores import DATABASES, fresh_store

pytestmark = pytest.mark.parametrize("database", DATABASES)


async def worker(store: Store, migration_id: str, name: str) -> int:
    """Sets aside for one call after another, two waiting at a time, until none fits; how many calls were made."""
    made = 0
    while True:
        _, let = await store.purses.move(migration_id, name, [0.3, 0.3])
        if not let:
            return made
        made += let
        await store.purses.move(migration_id, name, [], Movement(back=0.3 * let, ended=let, spent=0.25 * let))


async def test_two_workers_at_once_stay_within_one_budget(database: str, tmp_path: Path) -> None:
    async with fresh_store(database, tmp_path) as store:
        migration = await opened(store)
        await store.purses.set_budget(migration.id, 5.0, by="U1")
        async with asyncio.TaskGroup() as group:
            working = [group.create_task(worker(store, migration.id, name)) for name in ("one", "two", "three")]
        made = [task.result() for task in working]
        purse = await store.purses.get(migration.id)
        assert purse.spent == pytest.approx(0.25 * sum(made))
        assert purse.spent <= 5.0
        assert sum(made) >= 16
        assert (purse.open, purse.held) == (0, 0.0)


async def test_only_what_fits_is_set_aside_and_nothing_once_it_was_stopped(database: str, tmp_path: Path) -> None:
    async with fresh_store(database, tmp_path) as store:
        migration = await opened(store)
        assert (await store.purses.move(migration.id, "w", [9.0, 9.0]))[1] == 2  # no budget, no limit
        purse = await store.purses.set_budget(migration.id, 20.0, by="U1")
        assert (purse.held, purse.open) == (18.0, 2)
        assert (await store.purses.move(migration.id, "w", [1.5, 1.0, 0.1]))[1] == 1
        await store.purses.stop(migration.id, "The budget is used up")
        stopped, let = await store.purses.move(migration.id, "w", [0.1], Movement(back=18.0, ended=2, spent=3.0))
        assert (let, stopped.spent, stopped.open, stopped.stopped) == (0, 3.0, 1, "The budget is used up")
        again = await store.purses.set_budget(migration.id, 20.0, by="U1")
        assert again.stopped is None
        assert (await store.purses.move(migration.id, "w", [0.1]))[1] == 1


async def test_what_a_dead_worker_had_set_aside_is_charged_once(database: str, tmp_path: Path) -> None:
    async with fresh_store(database, tmp_path) as store:
        migration = await opened(store)
        await store.purses.move(migration.id, "dead", [1.0, 2.0])
        await store.purses.move(migration.id, "living", [4.0])
        assert await store.purses.forfeit({"living"}) == 2
        assert await store.purses.forfeit({"living"}) == 0
        purse = await store.purses.get(migration.id)
        assert (purse.spent, purse.held, purse.open) == (3.0, 4.0, 1)


async def test_a_change_of_the_budget_is_a_link_of_the_chain_with_who_and_how_much(database: str, tmp_path: Path) -> None:
    async with fresh_store(database, tmp_path) as store:
        migration = await opened(store)
        for usd in (20.0, 20.0, None):
            await store.purses.set_budget(migration.id, usd, by="U0BOSS")
        events = [event for event in await store.audit.events(migration.id) if event.action == "budget"]
        assert [(event.actor, event.detail_json) for event in events] == [
            ("U0BOSS", '{"before":"null","usd":"20.0"}'),
            ("U0BOSS", '{"before":"20.0","usd":"null"}'),
        ]
