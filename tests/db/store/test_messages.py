"""The outbox: what is due and when, in which order, and that nothing shown is lost whatever happens in between."""

import asyncio
from datetime import timedelta

import pytest

from db import Store
from db.records import Message, MessageKind
from tests.db.facts import opened
from tests.stores import START, SteadyClock

SECOND = timedelta(seconds=1)


async def say(
    store: Store, key: str, migration_id: str | None = None, channel: str = "C1", place: str = "root", body: str = ""
) -> Message:
    return await store.messages.show(
        key, migration_id=migration_id, channel=channel, place=place, kind=MessageKind.REPLY, body=body
    )


async def due(store: Store, seconds: float = 0) -> list[str]:
    return [m.key for m in await store.messages.due(START + seconds * SECOND)]


async def post(store: Store, key: str, ts: str = "171.1") -> None:
    message = await store.messages.get(key)
    assert message is not None
    assert await store.messages.begin(key, message.revision, START)
    await store.messages.sent(key, message.revision, ts, START)


async def test_showing_again_is_a_revision(store: Store) -> None:
    first = await say(store, "a", body="one")
    assert (first.revision, first.sent, first.state, first.ts, first.sent_at) == (1, 0, "waiting", None, None)
    again = await say(store, "a", body="two")
    assert (again.revision, again.body, await store.messages.get("a")) == (2, "two", again)
    await store.messages.touch("a", "nothing")
    assert [m.revision for m in await store.messages.due(START)] == [3]
    assert await store.messages.get("nothing") is None


async def test_concurrent_revisions_are_all_counted(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(say(store, "a"))
    message = await store.messages.get("a")
    assert message is not None
    assert message.revision == 20


async def test_a_thread_waits_for_its_root_and_keeps_its_order(store: Store) -> None:
    migration = await opened(store)
    for key in ("one", "two"):
        await say(store, key, migration.id, place="thread")
    assert await due(store) == [f"status:{migration.id}"]
    await post(store, f"status:{migration.id}", "171.1")
    assert (await store.migrations.get(migration.id)).thread_ts == "171.1"
    assert await due(store) == ["one"]
    await post(store, "one", "171.2")
    assert await due(store) == ["two"]


async def test_one_post_a_conversation_and_every_edit(store: Store) -> None:
    for key, channel in (("edit1", "C1"), ("edit2", "C1")):
        await say(store, key, channel=channel)
        await post(store, key)
    await say(store, "c1", channel="C1")
    await say(store, "c1 later", channel="C1")
    await say(store, "c2", channel="C2")
    await say(store, "person", channel="C1", place="U1")
    await store.messages.touch("edit1", "edit2")
    assert await due(store) == ["c1", "c2", "person", "edit1", "edit2"]
    assert [m.key for m in await store.messages.due(START, limit=2)] == ["c1", "c2"]


async def test_what_is_being_posted_keeps_the_next_one_back(store: Store) -> None:
    await say(store, "one")
    await say(store, "two")
    assert await store.messages.begin("one", 1, START)
    assert await due(store) == []
    assert [m.key for m in await store.messages.stuck_sending()] == ["one"]
    assert await store.messages.release("one")
    assert await due(store) == ["one"]
    assert not await store.messages.release("one")


async def test_one_sender_takes_a_message(store: Store) -> None:
    await say(store, "a")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.messages.begin("a", 1, START)) for _ in range(15)]
    assert sum(task.result() for task in tasks) == 1
    await store.messages.sent("a", 1, "171.1", START)
    assert not await store.messages.begin("a", 1, START)
    assert not await store.messages.begin("a", 2, START)


async def test_what_changed_while_it_was_sent_is_sent_again(store: Store) -> None:
    await say(store, "a")
    await store.messages.begin("a", 1, START)
    await store.messages.touch("a")
    await store.messages.sent("a", 1, "171.1", START)
    message = await store.messages.get("a")
    assert message is not None
    assert (message.state, message.sent, message.revision, message.ts) == ("waiting", 1, 2, "171.1")
    assert await due(store) == ["a"]


async def test_a_held_message_is_tried_when_its_time_comes(store: Store, clock: SteadyClock) -> None:
    for key in ("a", "b"):
        await say(store, key)
    await store.messages.begin("a", 1, START)
    assert await store.messages.hold("a", "rate limited", START + 30 * SECOND)
    assert await due(store, 29) == []
    await store.messages.touch("a")
    assert await due(store, 29) == []
    assert await due(store, 30) == ["a"]
    await store.messages.begin("a", 2, START)
    await store.messages.sent("a", 2, "171.1", START)
    message = await store.messages.get("a")
    assert message is not None
    assert (message.problem, message.try_at) == (None, None)


async def test_a_message_a_person_has_to_repair_keeps_nobody_back(store: Store) -> None:
    for key in ("a", "b"):
        await say(store, key)
    await store.messages.hold("a", "invalid_blocks", None)
    assert await due(store, 9999) == ["b"]
    await say(store, "a", body="repaired")
    assert await due(store) == ["a"]
    held = await store.messages.get("a")
    assert held is not None
    assert held.state == "waiting"


async def test_a_message_gone_from_slack_is_posted_again(store: Store) -> None:
    await say(store, "a")
    await post(store, "a")
    assert not await store.messages.hold("a", "already sent", None)
    assert await store.messages.forget_ts("a")
    message = await store.messages.get("a")
    assert message is not None
    assert (message.ts, message.sent, message.state) == (None, 0, "waiting")
    assert await due(store) == ["a"]


async def test_a_late_answer_of_slack_never_goes_back(store: Store) -> None:
    await say(store, "a")
    await post(store, "a", "171.1")
    await store.messages.touch("a")
    await post(store, "a", "171.1")
    await store.messages.sent("a", 1, "171.0", START)
    message = await store.messages.get("a")
    assert message is not None
    assert (message.sent, message.ts, message.state) == (2, "171.1", "sent")


async def test_a_thread_needs_a_migration(sqlite_store: Store) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError):
        await say(sqlite_store, "a", place="thread")
