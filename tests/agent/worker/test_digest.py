"""One tick of a monitor: measured once, told once, given up after a while, whoever claims it."""

from dataclasses import replace
from pathlib import Path

from agent.conversation import utc_now
from agent.engine import WorkKind
from agent.worker.sweep import Sweep
from agent.worker.work import perform
from db.records import MessageKind, MigrationStatus
from tests.agent.story import OWNER, Story, open_story
from tests.stores import SteadyClock


async def problems(story: Story) -> list[str]:
    return [m.body for m in await story.store.messages.of(story.id) if m.kind is MessageKind.PROBLEM]


async def test_a_tick_is_measured_and_told_once_whoever_claimed_it(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_sign_off()
        await story.answer("sign_off:1", "approve", by=OWNER)
        (monitor,) = await story.store.monitors.active()
        tick = "2026-01-12T09:00"
        assert await story.store.monitors.claim(monitor.id, tick, story.tools.clock())
        for _ in range(3):
            await perform(story.tools, WorkKind.DIGEST, (monitor.id, tick))
            await story.work()
        first, second = await story.store.monitors.digests(monitor.id)
        assert (second.tick, second.state, second.run_id != first.run_id) == (tick, "done", True)
        told = [m for m in await story.store.messages.of(story.id) if m.kind is MessageKind.DIGEST]
        assert [(m.subject, m.revision) for m in told] == [(first.id, 1), (second.id, 1)]
        assert len(await story.store.runs.listed(story.id, f"monitor:{tick}")) == 1


async def test_a_digest_that_cannot_be_measured_is_told_and_leaves_the_migration_signed(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_sign_off()
        await story.answer("sign_off:1", "approve", by=OWNER)
        (monitor,) = await story.store.monitors.active()
        story.tools.shelf.models.clear()
        story.script.unlink()
        await story.engine.submit(WorkKind.DIGEST, "x", monitor.id, "2026-01-12T09:00")
        await story.work()
        (told,) = await problems(story)
        assert told.startswith("The digest could not be made.")
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.SIGNED


async def test_a_digest_that_keeps_failing_is_told_once_and_made_once_it_can_be(tmp_path: Path) -> None:
    clock = SteadyClock(utc_now())
    async with open_story(tmp_path) as story:
        story.tools = replace(story.tools, clock=clock)
        await story.to_sign_off()
        await story.answer("sign_off:1", "approve", by=OWNER)
        (monitor,) = await story.store.monitors.active()
        story.tools.shelf.models.clear()
        aside = story.script.rename(tmp_path / "aside.json")
        await story.engine.submit(WorkKind.DIGEST, "x", monitor.id, "2026-01-12T09:00")
        story.engine.submitted.clear()
        for _ in range(30):
            await story.work()
            await Sweep(story.tools)()
            clock.pass_seconds(60)
        assert 2 < story.engine.submitted.count((WorkKind.DIGEST, f"{monitor.id}:2026-01-12T09:00")) < 6
        (told,) = await problems(story)
        assert "tries again" in told
        aside.rename(story.script)
        clock.pass_seconds(3600)
        await Sweep(story.tools)()
        await story.work()
        made = {digest.tick: digest.json is not None for digest in await story.store.monitors.digests(monitor.id)}
        assert made == {"first": True, "2026-01-12T09:00": True}
        assert await problems(story) == [told]
