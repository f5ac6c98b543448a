"""The clock: a tick is done once, by whoever rings first, on its local date and time."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from agent.engine import WorkKind
from bot.process import utc_now
from bot.schedule import GRACE, Clock, FireTimeExecutor, newest_missed, tick_of, trigger_of
from db import Store
from db.records import Monitor
from tests.bot.office import KeepingEngine
from tests.db.facts import opened, queued
from tests.stores import SteadyClock

NIGHT = "America/New_York"
MONITOR = Monitor(
    id="mo1", migration_id="m", target="a", prompt_hash="p", baseline_run="r1", cron="0 9 * * mon", timezone="Europe/Berlin",
    active=True,
)  # fmt: skip


async def watched(store: Store, **changes: str) -> Monitor:
    migration = await opened(store)
    await queued(store, migration)
    return await store.monitors.add(replace(MONITOR, migration_id=migration.id, **changes))  # type: ignore[arg-type]


def clock_of(store: Store, engine: KeepingEngine, clock: SteadyClock) -> Clock:
    return Clock(store=store, engine=engine, clock=clock)


async def test_two_bots_ring_and_one_digest_is_made(sqlite_store: Store, clock: SteadyClock) -> None:
    await watched(sqlite_store)
    one, two = KeepingEngine(), KeepingEngine()
    for engine in (one, two):
        await clock_of(sqlite_store, engine, clock).ring("mo1", rang_at=clock.now)
    assert len([*one.submitted, *two.submitted]) == 1
    assert one.submitted == [(WorkKind.DIGEST, "mo1:2026-01-05T10:00", ("mo1", "2026-01-05T10:00"))]


async def test_the_hour_that_comes_twice_is_one_tick(sqlite_store: Store, clock: SteadyClock) -> None:
    """01:30 in New York on 1 November 2026 is 05:30 and 06:30 UTC."""
    monitor = await watched(sqlite_store, cron="30 1 * * *", timezone=NIGHT)
    trigger, first = trigger_of(monitor.cron, monitor.timezone), datetime(2026, 11, 1, 5, 0, tzinfo=UTC)
    rings = [trigger.get_next_fire_time(None, first)]
    rings.append(trigger.get_next_fire_time(rings[0], rings[0] + timedelta(seconds=1)))
    assert rings[1].astimezone(UTC) - rings[0].astimezone(UTC) == timedelta(hours=1)
    engine = KeepingEngine()
    for rang_at in rings:
        await clock_of(sqlite_store, engine, clock).ring("mo1", rang_at=rang_at)
    assert len(engine.submitted) == 1


@pytest.mark.parametrize("minutes", [0, 1, 4])
def test_a_start_in_the_hour_that_comes_twice_finds_its_ring(minutes: int) -> None:
    """In New York on 1 November 2026 01:30 is at 05:30 and 06:30 UTC."""
    monitor = replace(MONITOR, cron="30 1 * * *", timezone=NIGHT)
    for hour in (5, 6):
        rang = datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
        missed = newest_missed(monitor, rang + timedelta(minutes=minutes))
        assert missed
        assert missed.astimezone(UTC) == rang


async def test_a_tick_whose_maker_died_is_made_by_somebody_else(sqlite_store: Store, clock: SteadyClock) -> None:
    await watched(sqlite_store)
    assert await sqlite_store.monitors.claim("mo1", "2026-01-05T10:00", clock.now, 60)
    engine = KeepingEngine()
    await clock_of(sqlite_store, engine, clock).resync()
    assert engine.submitted == []
    clock.pass_seconds(61)
    await clock_of(sqlite_store, engine, clock).resync()
    assert [key for _, key, _ in engine.submitted] == ["mo1:2026-01-05T10:00"]


async def test_what_was_missed_a_moment_ago_is_made_up_for_at_the_start(sqlite_store: Store, clock: SteadyClock) -> None:
    await watched(sqlite_store)
    clock.now = datetime(2026, 1, 12, 8, 3, tzinfo=UTC)  # Monday, 09:03 in Berlin
    engine = KeepingEngine()
    for _ in range(2):
        bot_clock = clock_of(sqlite_store, engine, clock)
        await bot_clock.start()
        bot_clock.stop()
    assert [key for kind, key, _ in engine.submitted if kind is WorkKind.DIGEST] == ["mo1:2026-01-12T09:00"]
    looked = [key for kind, key, _ in engine.submitted if kind is WorkKind.LIFECYCLE]
    assert looked == ["mo1:2026-01-12"] * 2  # at each start, and once a day: whether the target retires


@pytest.mark.parametrize(("minutes", "found"), [(-1, False), (0, True), (4, True), (6, False), (600, False)])
def test_only_the_newest_within_the_grace(minutes: int, found: bool) -> None:
    due = datetime(2026, 1, 12, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    missed = newest_missed(MONITOR, due.astimezone(UTC) + timedelta(minutes=minutes))
    assert (missed == due) is found
    assert timedelta(minutes=5) == GRACE


def test_weekdays_are_meant_as_they_are_named() -> None:
    fires = trigger_of("0 9 * * mon", "UTC").get_next_fire_time(None, datetime(2026, 1, 1, tzinfo=UTC))
    assert fires.strftime("%A") == "Monday"
    with pytest.raises(ValueError, match="write a name"):
        trigger_of("0 9 * * 1", "UTC")


def test_a_tick_is_local_and_without_offset() -> None:
    assert tick_of(MONITOR, datetime(2026, 7, 6, 7, 0, tzinfo=UTC)) == "2026-07-06T09:00"


async def test_the_executor_hands_over_the_time_a_job_was_meant_to_ring_at() -> None:
    rang: asyncio.Queue[datetime] = asyncio.Queue()

    async def ring(*, tells_time: bool, rang_at: datetime) -> None:
        assert tells_time
        rang.put_nowait(rang_at)

    due = utc_now() + timedelta(seconds=0.05)
    scheduler = AsyncIOScheduler(timezone="UTC", executors={"default": FireTimeExecutor()})
    scheduler.add_job(ring, "date", run_date=due, kwargs={"tells_time": True, "rang_at": due - timedelta(days=1)})
    scheduler.start()
    try:
        assert await asyncio.wait_for(rang.get(), 5) == due
    finally:
        scheduler.shutdown(wait=False)


async def test_a_monitor_that_is_switched_off_is_not_wound(sqlite_store: Store, clock: SteadyClock) -> None:
    await watched(sqlite_store)
    bot_clock = clock_of(sqlite_store, KeepingEngine(), clock)
    await bot_clock.resync()
    assert set(bot_clock._wound) == {"mo1"}
    await sqlite_store.monitors.switch("mo1", active=False)
    await bot_clock.resync()
    assert not bot_clock._wound
