"""The worker as a process of its own, on DBOS and SQLite: it completes runs, and a kill costs at most what was in flight."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.conversation import open_conversation
from agent.engine import DbosEngine
from db.records import MigrationStatus, Run, RunStatus
from tests.agent.story import Story, open_story
from tests.agent.worker.process import until, worker_process
from tests.stores import postgres_database

IN_FLIGHT = 4


def calls(home: Path) -> Counter[str]:
    log = home / "target.log"
    return Counter(log.read_text(encoding="utf-8").split()) if log.exists() else Counter()


async def baseline_done(story: Story) -> list[Run]:
    return [run for run in await story.store.runs.listed(story.id) if run.status is RunStatus.DONE]


@pytest.fixture(params=["sqlite", "postgres"])
async def database_url(request: pytest.FixtureRequest) -> AsyncIterator[str | None]:
    if request.param == "sqlite":
        yield None
        return
    async with postgres_database() as url:
        yield url


@pytest.mark.slow
async def test_a_worker_completes_what_the_bot_submits_and_ends_on_sigterm(tmp_path: Path, database_url: str | None) -> None:
    opened = open_story(tmp_path, database_url=database_url)
    async with opened as story, worker_process(story.places.home, database_url) as worker:
        engine = DbosEngine(story.places.engine_url)
        async with open_conversation(story.places, story.store, engine, holder="bot") as conversation:
            await conversation.advance(story.id)
            await story.upload()

            async def waits(question: str) -> bool:
                return await story.waits_for() == question

            await until(lambda: waits("plan:1"))
            await story.decide("plan:1", "approve")
            await conversation.advance(story.id)
            await until(lambda: waits("prompts:1"))
            await story.decide("prompts:1", "use")
            await conversation.advance(story.id)
            await until(lambda: waits("review:1"))
        await engine.close()
        assert worker.stop() == 0
        assert "worker stops" in worker.told


async def accepted(story: Story) -> None:
    """The requester uses the prompts as soon as they are asked; the sweep goes on from there."""
    if await story.waits_for() == "prompts:1":
        await story.decide("prompts:1", "use")


@pytest.mark.slow
async def test_sigkill_in_the_middle_loses_nothing_and_pays_little_twice(tmp_path: Path) -> None:
    script = {"latency_s": 0.05, "concurrency": IN_FLIGHT}
    async with open_story(tmp_path, script=script) as story:
        await story.conversation.advance(story.id)
        await story.upload(120)
        await story.work()
        await story.decide("plan:1", "approve")
        kills = 0
        async with worker_process(story.places.home) as worker:
            for at in (10, 60, 110):

                async def called(enough: int = at) -> bool:
                    await accepted(story)
                    return sum(calls(tmp_path).values()) >= enough

                await until(called)
                worker.kill()
                kills += 1
                worker.start()

            async def reviewed() -> bool:
                await accepted(story)
                return await story.waits_for() == "review:1"

            await until(reviewed)
        expected: Counter[str] = Counter()
        for run in await story.store.runs.listed(story.id):
            assert run.status is RunStatus.DONE
            outputs = await story.store.runs.outputs(run.id)
            samples = await story.store.datasets.samples(run.dataset_id, run.key.split)
            assert [o.sample_id for o in outputs] == sorted(s.id for s in samples)
            assert run.stored == run.total == len(outputs)
            if run.key.model.startswith("scripted:"):
                expected.update(o.sample_id for o in outputs)
        extra = sum((calls(tmp_path) - expected).values())
        assert not expected - calls(tmp_path)
        assert extra <= kills * 2 * IN_FLIGHT
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.OPEN
