"""A signed target that retires is told in its thread, once for each thing there is to say; AWS's word comes first."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.engine import WorkKind
from agent.worker.work import perform
from db.records import MessageKind, Monitor
from pipeline.models.catalog import Catalog
from pipeline.models.prices.overrides import GivenFacts
from tests.agent.story import OWNER, Story, open_story
from tests.pipeline.models.ask import settings
from tests.pipeline.models.catalog.aws import NOVA, said, summary
from tests.pipeline.models.peer import bedrock, error
from tests.stores import SteadyClock

DAY = datetime(2026, 11, 25, tzinfo=UTC)
END = 1811808000.0  # 2027-06-01T00:00:00Z


@asynccontextmanager
async def signed(home: Path, clock: SteadyClock, retires: str | None = None) -> AsyncIterator[tuple[Story, Monitor]]:
    async with open_story(home) as story:
        await story.to_sign_off()
        await story.answer("sign_off:1", "approve", by=OWNER)
        (monitor,) = await story.store.monitors.active()
        told = {monitor.target: GivenFacts(retires=retires, source="AWS support", date="2026-11-01")}
        story.tools = replace(story.tools, clock=clock, catalog=Catalog(facts=told))
        yield story, monitor


async def look(story: Story, monitor: Monitor) -> list[str]:
    await perform(story.tools, WorkKind.LIFECYCLE, (monitor.id, "2026-11-25"))
    return [m.body for m in await story.store.messages.of(story.id) if m.kind is MessageKind.PROBLEM]


async def test_each_step_is_told_once(tmp_path: Path) -> None:
    clock = SteadyClock(DAY)
    async with signed(tmp_path, clock, "2027-02-01") as (story, monitor):
        for _ in range(3):
            (told,) = await look(story, monitor)
        assert "2027-02-01, in 68 days (AWS support, 2026-11-01)" in told
        clock.now = datetime(2027, 1, 5, tzinfo=UTC)
        assert ["in 27 days" in each for each in await look(story, monitor)] == [False, True]


async def test_a_target_without_an_end_is_left_in_peace(tmp_path: Path) -> None:
    async with signed(tmp_path, SteadyClock(DAY)) as (story, monitor):
        assert await look(story, monitor) == []


async def test_aws_is_asked_about_its_own_and_a_busy_one_again_tomorrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    legacy = said(modelDetails=summary(NOVA, modelLifecycle={"status": "LEGACY", "endOfLifeTime": END}))
    async with signed(tmp_path, SteadyClock(datetime(2027, 3, 1, tzinfo=UTC))) as (story, signed_monitor):
        target = replace(signed_monitor, id="on-bedrock", target=f"bedrock:eu.{NOVA}")
        monitor = await story.store.monitors.add(target)
        async with bedrock({"/foundation-models": [error(429, "ThrottlingException", "slow down"), legacy]}) as peer:
            story.tools = replace(story.tools, live=settings(region="eu-west-1", endpoint_url=peer.url, timeout_s=5.0))
            assert await look(story, monitor) == []
            (told,) = await look(story, monitor)
        assert "2027-06-01, in 92 days (AWS in eu-west-1, 2026-12-01)" in told
        assert "legacy phase" in told
