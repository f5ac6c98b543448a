"""What batch jobs are charged, once, whoever is killed and whatever answer is lost."""

import os
import signal
import sys
from asyncio import Event, create_subprocess_exec, wait_for
from pathlib import Path

import pytest

from agent.engine import WorkKind
from agent.worker.sweep import Sweep
from db.records import MessageKind, MigrationStatus, RunStatus
from pipeline.models.batch.records import Ending
from pipeline.models.lanes import SAMPLES
from tests.agent.story import REQUESTER, Story
from tests.agent.worker.test_batches import N, begun, check, enter, worked
from tests.pipeline.aws.wire import Fault
from tests.pipeline.models.batch.peer import Peer


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.mark.parametrize(("stalls", "made"), [("Create", 1), ("PutObject", 0)])
async def test_a_worker_killed_while_it_makes_a_job_makes_no_second_and_pays_once(stalls: str, made: int, tmp_path: Path) -> None:
    """The kill is real: the process that had made the job, or only its records, never hears of it."""
    async with begun(tmp_path, made=Event(), stalls=stalls) as (story, service, _):
        await story.work(WorkKind.RUN, WorkKind.CHUNK)
        await killed(tmp_path, story, service)
        assert len(service.jobs) == made
        await story.store.purses.forfeit([])
        (batch,) = await story.store.batches.of("large")
        assert (await story.store.purses.get(story.id)).spent == pytest.approx(await paid(story) + batch.job.usd)
        assert batch.job.usd > 0
        assert (await worked(story)).status is RunStatus.DONE
        await check(story, service)
        assert len(service.jobs) == 1
        assert (await story.store.purses.get(story.id)).spent == pytest.approx(await paid(story))
        told = [m for m in await story.store.messages.of(story.id) if m.kind is MessageKind.PROBLEM]
        assert told == []


async def killed(home: Path, story: Story, service: Peer) -> None:
    """Another worker process begins to make the job, and is killed on the way."""
    assert service.made is not None
    script = (
        "import asyncio, sys; from pathlib import Path; from tests.agent.worker.test_batches_charged import resumed; "
        "asyncio.run(resumed(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))"
    )
    process = await create_subprocess_exec(sys.executable, "-c", script, str(home), service.url, story.id, env=dict(os.environ))
    await wait_for(service.made.wait(), 60)
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
    service.gone.set()


async def paid(story: Story) -> float:
    """What the answers that are stored cost."""
    return sum(output.usd or 0 for output in await story.store.runs.outputs("large"))


async def test_a_job_whose_making_was_not_answered_is_charged_while_it_runs(tmp_path: Path) -> None:
    lost = Fault("InternalServerException", 500, lost=True)
    async with begun(tmp_path, faults={"Create": [lost] * 9}, life=["InProgress"]) as (story, service, _):
        for _ in range(3):
            await story.work()
            (batch,) = await story.store.batches.of("large")
            assert (await story.store.purses.get(story.id)).spent == pytest.approx(await paid(story) + batch.job.usd)
            assert batch.job.usd > 0
            await story.engine.submit(WorkKind.RUN, "large", "large")
        assert batch.job.arn == service.jobs[0].arn
        service.jobs[0].life[:] = ["Completed"]
        assert (await worked(story)).status is RunStatus.DONE
        assert (await story.store.purses.get(story.id)).spent == pytest.approx(await paid(story))
        assert len(service.jobs) == 1


@pytest.mark.parametrize("way", ["cancel", "no batch"])
async def test_a_job_that_was_never_made_gives_back_what_it_was_charged(way: str, tmp_path: Path) -> None:
    busy = Fault("ServiceQuotaExceededException", 400, "too many jobs")
    async with begun(tmp_path, faults={"Create": [busy]}) as (story, service, _):
        await story.work()
        assert (await story.store.purses.get(story.id)).spent > await paid(story)
        if way == "cancel":
            await story.store.migrations.set_status(story.id, MigrationStatus.CANCELLED, by=REQUESTER)
            await Sweep(story.tools)()
            await story.work(WorkKind.BATCH)
        else:
            assert await story.store.batches.choose(story.id, wanted=False, by=REQUESTER)
            await story.engine.submit(WorkKind.RUN, "large", "large")
            assert (await worked(story)).status is RunStatus.DONE
        assert (await story.store.purses.get(story.id)).spent == pytest.approx(await paid(story))
        assert service.jobs == []
        assert [b.job.ending for b in await story.store.batches.of("large")] == [Ending.STOPPED]


async def resumed(home: Path, url: str, migration_id: str) -> None:
    """What another worker process does with the run: one look at its batch jobs."""
    from agent.worker.work import perform
    from db import open_store
    from db.places import Places
    from tests.agent.story import reopen_story

    store = await open_store(Places(home=home / "data"))
    migration = await store.migrations.get(migration_id)
    async with reopen_story(home, store, migration, home / "target.json") as story:
        enter(story, Peer(url=url))
        await perform(story.tools, WorkKind.BATCH, ("large", str(SAMPLES), str(N)))
