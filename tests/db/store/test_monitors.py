"""A tick is claimed by one process; a claim whose holder died runs out; the first result stands."""

import asyncio
from dataclasses import replace

import pytest

from db import Store
from db.records import MessageKind, Monitor
from pipeline.errors import RefusedError
from tests.db.facts import PROMPT, opened, queued
from tests.stores import START, SteadyClock


async def watched(store: Store) -> Monitor:
    run = await queued(store, await opened(store))
    monitor = Monitor(
        id="mon1", migration_id=run.migration_id, target="local:a", prompt_hash=PROMPT.hash, baseline_run=run.id,
        cron="0 9 * * mon", timezone="Europe/Berlin", active=True,
    )  # fmt: skip
    return await store.monitors.add(monitor)


async def test_a_target_is_monitored_once(store: Store) -> None:
    monitor = await watched(store)
    assert await store.monitors.add(replace(monitor, id="other", cron="told twice")) == monitor
    assert await store.monitors.get("mon1") == monitor
    assert await store.monitors.active() == (monitor,)
    await store.monitors.switch("mon1", active=False)
    assert await store.monitors.active() == ()
    with pytest.raises(RefusedError, match="not known"):
        await store.monitors.get("other")


async def test_concurrent_clocks_claim_a_tick_once(store: Store) -> None:
    monitor = await watched(store)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.monitors.claim(monitor.id, "2026-01-05 09:00", START)) for _ in range(25)]
    claimed = [digest for task in tasks if (digest := task.result())]
    assert len(claimed) == 1
    assert await store.monitors.digests(monitor.id) == tuple(claimed)
    assert (claimed[0].tick, claimed[0].state, claimed[0].run_id, claimed[0].json) == ("2026-01-05 09:00", "claimed", None, None)


async def test_a_claim_runs_out_and_is_taken_over(store: Store, clock: SteadyClock) -> None:
    monitor = await watched(store)
    first = await store.monitors.claim(monitor.id, "first", clock.now, lease_s=60)
    assert first is not None
    assert await store.monitors.expired(clock.pass_seconds(59)) == ()
    assert await store.monitors.claim(monitor.id, "first", clock.now) is None
    assert await store.monitors.expired(clock.pass_seconds(1)) == (first,)
    assert await store.monitors.claim(monitor.id, "first", clock.now) == first
    assert await store.monitors.claim(monitor.id, "first", clock.now) is None


async def test_the_first_result_stands_and_is_never_claimed_again(store: Store, clock: SteadyClock) -> None:
    monitor = await watched(store)
    digest = await store.monitors.claim(monitor.id, "first", clock.now)
    assert digest is not None
    await store.monitors.attach(digest.id, "r1")
    assert (await store.monitors.digest(digest.id)).run_id == "r1"
    assert await store.monitors.finish(digest.id, '{"lines":[]}')
    assert not await store.monitors.finish(digest.id, "told twice")
    done = await store.monitors.digest(digest.id)
    assert (done.state, done.json, done.run_id) == ("done", '{"lines":[]}', "r1")
    later = clock.pass_seconds(3600)
    assert await store.monitors.claim(monitor.id, "first", later) is None
    assert await store.monitors.expired(later) == ()
    assert await store.monitors.claim(monitor.id, "second", later) is not None
    assert [d.tick for d in await store.monitors.digests(monitor.id)] == ["first", "second"]


async def test_a_tick_that_fails_is_tried_ever_more_seldom_then_ended_and_told_once(store: Store, clock: SteadyClock) -> None:
    monitor = await watched(store)
    digest = await store.monitors.claim(monitor.id, "first", clock.now)
    assert digest is not None
    pauses: list[float] = []
    while len(pauses) < 50:
        await store.monitors.fail(digest.id, f"No model answers ({len(pauses)}).", clock.now)
        if (await store.monitors.digest(digest.id)).state == "done":
            break
        failed_at = clock.now
        while await store.monitors.claim(monitor.id, "first", clock.now) is None:
            assert await store.monitors.expired(clock.now) == ()
            clock.pass_seconds(30)
        pauses.append((clock.now - failed_at).total_seconds() / 60)
    assert pauses == [1, 1, 2, 4, 8, 16, 32, 64, 128]
    assert await store.monitors.expired(clock.pass_seconds(10**6)) == ()
    assert await store.monitors.claim(monitor.id, "first", clock.now) is None
    assert [d.json for d in await store.monitors.digests(monitor.id)] == [None]
    assert await problems(store, monitor) == [("No model answers (0).", 1)]


async def problems(store: Store, monitor: Monitor) -> list[tuple[str, int]]:
    return [(m.body, m.revision) for m in await store.messages.of(monitor.migration_id) if m.kind is MessageKind.PROBLEM]


async def test_the_next_tick_starts_fresh(store: Store, clock: SteadyClock) -> None:
    monitor = await watched(store)
    for tick in ("first", "second"):
        digest = await store.monitors.claim(monitor.id, tick, clock.pass_seconds(10**6))
        assert digest is not None
        for _ in range(3):
            await store.monitors.fail(digest.id, f"The {tick} one failed.", clock.now)
        assert await store.monitors.expired(clock.pass_seconds(60)) != ()
    assert await problems(store, monitor) == [("The first one failed.", 1), ("The second one failed.", 1)]


async def test_what_is_done_cannot_fail(store: Store, clock: SteadyClock) -> None:
    monitor = await watched(store)
    digest = await store.monitors.claim(monitor.id, "first", clock.now)
    assert digest is not None
    await store.monitors.finish(digest.id, "{}")
    await store.monitors.fail(digest.id, "Too late.", clock.now)
    assert (await store.monitors.digest(digest.id)).json == "{}"
    assert await problems(store, monitor) == []


async def test_an_unknown_digest_is_refused(sqlite_store: Store) -> None:
    with pytest.raises(RefusedError, match="not known"):
        await sqlite_store.monitors.digest("nothing")
