"""Advanced Prompt Optimization where AWS does not answer: no result is thrown away, and no second job is paid for."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent import advpo
from agent.worker import advpo as advpo_work
from agent.worker.sweep import Sweep
from db.records import JobState
from tests.agent.story import OWNER
from tests.agent.worker.test_advpo import NOVA, ask, at_prompts, job_of, minutes
from tests.pipeline.aws.wire import Fault


@pytest.mark.parametrize(
    ("operations", "fault", "said"),
    [
        (("Get", "Stop"), Fault("ThrottlingException", 429), "busy or not available"),
        (("Get", "Stop"), Fault("ExpiredTokenException", 403), "credentials need"),
        (("GetObject", "ListObjectsV2"), Fault("AccessDenied", 403), "s3:PutObject, GetObject and ListBucket"),
    ],
)
async def test_a_look_or_a_fetch_that_fails_throws_no_result_away_however_late(
    operations: tuple[str, ...], fault: Fault, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job was done while the worker was away for a weekend: nobody knows before a look says so."""
    async with at_prompts(tmp_path, monkeypatch, life=["InProgress"]) as (story, at, clock):
        await ask(story, clock)
        await story.work()
        next(iter(at.jobs.values())).life[:] = ["Completed"]
        sweep = Sweep(story.tools)
        for _ in range(2):
            clock.pass_seconds(49 * 3600)
            at.faults = {operation: [fault] * 9 for operation in operations}
            await minutes(story, clock, sweep, 1)
            job = await job_of(story)
            assert (job.state, said in job.note) == (JobState.RUNNING, True)
        at.faults = {}
        await minutes(story, clock, sweep, 1)
        assert ((await job_of(story)).state, len(at.jobs), at.asked["Stop"]) == (JobState.DONE, 1, 0)


async def test_a_job_that_was_sent_and_not_answered_is_found_again_whatever_comes_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_prompts(tmp_path, monkeypatch, life=["InProgress"]) as (story, at, clock):
        at.faults = {"Create": [Fault("InternalServerException", 500, lost=True)] * 6}
        await ask(story, clock)
        await story.work()
        job = await job_of(story)
        assert (len(at.jobs), job.state, job.job) == (1, JobState.QUEUED, None)
        at.faults, sweep = {"List": [Fault("ExpiredTokenException", 403)] * 9}, Sweep(story.tools)
        await minutes(story, clock, sweep, 2)
        assert ((await job_of(story)).is_open, "credentials need" in (await job_of(story)).note) == (True, True)
        configured, story.tools = story.tools, replace(story.tools, advpo=None)
        await minutes(story, clock, Sweep(story.tools), 1)
        assert ((await job_of(story)).is_open, "sets FERRY" in (await job_of(story)).note) == (True, True)
        story.tools, at.faults = configured, {}
        await minutes(story, clock, sweep, 1)
        job = await job_of(story)
        assert (len(at.jobs), job.attempt, job.job) == (1, 1, next(iter(at.jobs.values())).arn)


async def test_a_refused_request_waits_for_the_right_and_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_prompts(tmp_path, monkeypatch) as (story, at, clock):
        at.faults = {"Create": [Fault("AccessDeniedException", 403)] * 9}
        await ask(story, clock)
        await minutes(story, clock, Sweep(story.tools), 2)
        job = await job_of(story)
        assert (job.is_open, "credentials need" in job.note) == (True, True)
        assert await advpo.stop(story.store, story.engine, job, by=OWNER)
        await story.work()
        assert ((await job_of(story)).state, at.jobs, at.asked["Stop"]) == (JobState.FAILED, {}, 0)
        assert (await job_of(story)).note == "A person stopped it; AWS had no such job."


async def test_asking_again_takes_up_the_job_that_aws_is_still_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row ended here: something failed that nobody foresaw, or an earlier Ferry gave it up."""
    async with at_prompts(tmp_path, monkeypatch, life=["InProgress"]) as (story, at, clock):
        first = await ask(story, clock)
        await story.work()
        await advpo_work.failed(story.tools, "Something failed.", story.id, "1", NOVA, "1")
        assert (await job_of(story)).state is JobState.FAILED
        assert (await ask(story, clock)).attempt == first.attempt + 1
        await story.work()
        (running,) = at.jobs.values()
        assert ((await job_of(story)).attempt, (await job_of(story)).job) == (2, running.arn)
        running.life[:] = ["Completed"]
        await minutes(story, clock, Sweep(story.tools), 2)
        assert ((await job_of(story)).state, len(at.jobs)) == (JobState.DONE, 1)


async def test_stopping_what_was_asked_again_stops_the_job_that_aws_is_still_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_prompts(tmp_path, monkeypatch, life=["InProgress"]) as (story, at, clock):
        await ask(story, clock)
        await story.work()
        await advpo_work.failed(story.tools, "Something failed.", story.id, "1", NOVA, "1")
        again = await ask(story, clock)
        assert await advpo.stop(story.store, story.engine, again, by=OWNER)
        await story.work()
        assert [job.life[-1] for job in at.jobs.values()] == ["Stopped"]
        assert "stopped it at AWS" in (await job_of(story)).note
