"""What comes in is written once; a lease has one holder at a time."""

import asyncio
from datetime import timedelta

from db import Store
from db.records import Delivery, ProcessKind
from tests.stores import START, SteadyClock


async def test_the_same_delivery_four_times_is_new_once(store: Store) -> None:
    assert await store.deliveries.receive("ev1", "event", '{"a":"\\u0000"}', START) == "new"
    assert await store.deliveries.receive("ev1", "event", "{}", START) == "waiting"
    await store.deliveries.done("ev1")
    assert await store.deliveries.receive("ev1", "event", "{}", START) == "done"
    await store.deliveries.receive("ev2", "event", "{}", START)
    await store.deliveries.done("ev2", refused=True)
    assert await store.deliveries.receive("ev2", "event", "{}", START) == "done"


async def test_concurrent_deliveries_of_one_key_are_new_once(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.deliveries.receive("ev1", "event", "{}", START)) for _ in range(30)]
    assert sorted(task.result() for task in tasks) == ["new"] + ["waiting"] * 29


async def test_what_was_cut_short_is_found_again(store: Store) -> None:
    for n in range(3):
        await store.deliveries.receive(f"ev{n}", "event", '{"n":1}', START + timedelta(seconds=n))
    await store.deliveries.done("ev1")
    waiting = Delivery(key="ev0", kind="event", body_json='{"n":1}', state="waiting", received_at=START)
    assert await store.deliveries.waiting(START + timedelta(seconds=2)) == (waiting,)
    assert waiting.received_at.tzinfo is not None


async def test_a_living_bot_is_left_its_delivery_and_a_dead_one_is_not(store: Store) -> None:
    for bot in ("a", "b"):
        await store.processes.take(ProcessKind.BOT, bot, bot, "host", 60)
    assert await store.deliveries.receive("ev1", "event", "{}", START, "a") == "new"
    assert await store.deliveries.receive("ev1", "event", "{}", START, "b") == "taken"
    assert await store.deliveries.receive("ev1", "event", "{}", START, "a") == "waiting"
    later = START + timedelta(seconds=1)
    assert await store.deliveries.waiting(later, "b") == ()
    assert await store.deliveries.waiting(later, "a") == (), "what a bot works on itself is not cut short"
    await store.processes.leave(ProcessKind.BOT, "a", "a")
    await store.processes.forget(ProcessKind.BOT, 0)
    assert [each.key for each in await store.deliveries.waiting(later, "b")] == ["ev1"]
    assert await store.deliveries.waiting(later, "c") == ()
    assert await store.deliveries.receive("ev1", "event", "{}", START, "c") == "taken"


async def test_a_redelivery_finds_a_living_bot_when_the_first_one_died(store: Store) -> None:
    await store.processes.take(ProcessKind.BOT, "b", "b", "host", 60)
    assert await store.deliveries.receive("ev1", "event", "{}", START, "dead") == "new"
    assert await store.deliveries.receive("ev1", "event", "{}", START, "b") == "waiting"
    assert await store.deliveries.receive("ev1", "event", "{}", START, "c") == "taken"


async def test_a_bot_that_knows_its_predecessor_to_be_dead_goes_on_at_once(store: Store) -> None:
    await store.processes.take(ProcessKind.BOT, "a", "a", "host", 60)
    await store.processes.take(ProcessKind.BOT, "c", "c", "host", 60)
    await store.deliveries.receive("ev1", "event", "{}", START, "a")
    await store.deliveries.receive("ev2", "event", "{}", START, "c")
    later = START + timedelta(seconds=1)
    assert [each.key for each in await store.deliveries.waiting(later, "b", frozenset({"a", "unknown"}))] == ["ev1"]


async def test_old_deliveries_are_forgotten_once_done(store: Store) -> None:
    for n in range(3):
        await store.deliveries.receive(f"ev{n}", "event", "{}", START)
    await store.deliveries.done("ev0")
    await store.deliveries.done("ev1", refused=True)
    assert await store.deliveries.forget(START) == 0
    assert await store.deliveries.forget(START + timedelta(days=1)) == 2
    assert [d.key for d in await store.deliveries.waiting(START + timedelta(days=1))] == ["ev2"]


async def test_a_lease_has_one_holder_until_it_runs_out(store: Store, clock: SteadyClock) -> None:
    assert await store.leases.take("m1", "one", 10, clock.now)
    assert not await store.leases.take("m1", "two", 10, clock.pass_seconds(9))
    assert await store.leases.take("m1", "one", 10, clock.now)
    assert not await store.leases.take("m1", "two", 10, clock.pass_seconds(9.999))
    assert await store.leases.take("m1", "two", 10, clock.pass_seconds(0.001))
    assert not await store.leases.take("m1", "one", 10, clock.now)


async def test_only_the_holder_lets_go(store: Store) -> None:
    await store.leases.take("m1", "one", 10, START)
    await store.leases.release("m1", "two")
    assert not await store.leases.take("m1", "two", 10, START)
    await store.leases.release("m1", "one")
    assert await store.leases.take("m1", "two", 10, START)


async def test_concurrent_takers_get_one_lease(store: Store) -> None:
    for round_number in range(3):
        at = START + timedelta(hours=round_number)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(store.leases.take("m1", f"h{n}", 10, at)) for n in range(25)]
        assert sum(task.result() for task in tasks) == 1
