"""The chain: whatever is changed, removed or moved behind the store's back is found."""

import asyncio
from collections.abc import Iterator

import pytest

from db import Store
from tests.db.facts import opened
from tests.db.raw import statement
from tests.stores import START

TAMPERING = {
    "the actor": ("UPDATE audit_event SET actor = 'U9' WHERE seq = 3", 3),
    "the time": ("UPDATE audit_event SET at = '2020-01-01 00:00:00+00:00' WHERE seq = 2", 2),
    "the detail": ("UPDATE audit_event SET detail_json = '{}' WHERE seq = 4", 4),
    "one removed": ("DELETE FROM audit_event WHERE seq = 3", 3),
    "the first removed": ("DELETE FROM audit_event WHERE seq = 1", 1),
    "the last removed": ("DELETE FROM audit_event WHERE seq = 5", 5),
    "all removed": ("DELETE FROM audit_event", 1),
    "one moved": ("UPDATE audit_event SET seq = 9 WHERE seq = 2", 2),
    "the end forgotten": ("UPDATE audit_head SET seq = 4", 6),
}


async def five_events(store: Store) -> None:
    for n in range(5):
        await store.audit.add(f"U{n}", "did", team="T1", detail={"what": f"thing {n}"}, at=START)


async def test_a_chain_nobody_touched_is_whole(store: Store) -> None:
    assert await store.audit.verify() is None
    await five_events(store)
    events = await store.audit.events()
    assert [e.seq for e in events] == [1, 2, 3, 4, 5]
    assert [e.previous for e in events] == ["", *(e.hash for e in events[:-1])]
    assert await store.audit.verify() is None


@pytest.mark.parametrize("what", TAMPERING)
async def test_tampering_is_found_where_it_was_done(store: Store, what: str) -> None:
    await five_events(store)
    sql, broken = TAMPERING[what]
    await statement(store, sql)
    assert await store.audit.verify() == broken


async def test_two_events_that_changed_places_are_found(store: Store) -> None:
    await five_events(store)
    for sql in swapped(2, 4):
        await statement(store, sql)
    assert await store.audit.verify() == 2


def swapped(a: int, b: int) -> Iterator[str]:
    for old, new in ((a, 99), (b, a), (99, b)):
        yield f"UPDATE audit_event SET seq = {new} WHERE seq = {old}"  # noqa: S608  our own numbers


async def test_concurrent_writers_make_one_chain(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        for n in range(30):
            group.create_task(store.audit.add(f"U{n}", "did", team="T1", at=START))
    assert [e.seq for e in await store.audit.events()] == list(range(1, 31))
    assert await store.audit.verify() is None


async def test_any_text_of_a_person_can_be_recorded(store: Store) -> None:
    event = await store.audit.add("U1", "said", team="T1", detail={"note": "a\x00b \ud800 \U0001f600"}, at=START)
    assert await store.audit.events() == (event,)
    assert await store.audit.verify() is None


async def test_events_of_one_migration(store: Store) -> None:
    migration = await opened(store)
    await store.audit.add("U1", "started Ferry", team="T1", at=START)
    assert [e.action for e in await store.audit.events(migration.id)] == ["opened"]
    assert len(await store.audit.events()) == 2
