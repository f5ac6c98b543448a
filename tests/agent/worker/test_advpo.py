"""Advanced Prompt Optimization because a person asked: one job whatever happens, nobody waits for it, and people are told."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent import advpo
from agent.engine import WorkKind
from agent.worker.shelf import opener
from agent.worker.sweep import Sweep
from db.records import AdvpoJob, JobState, MessageKind, MigrationStatus, Plan, RunStatus
from pipeline.aws.s3 import Bucket
from pipeline.errors import InputError, RefusedError
from pipeline.models.settings import ModelSettings
from pipeline.prompts.advpo import Advpo
from pipeline.records import Model, Sample, Split
from tests.agent.story import OWNER, REQUESTER, Story, open_story
from tests.agent.worker.process import until, worker_process
from tests.pipeline.aws.wire import BUCKET, Fault
from tests.pipeline.prompts.advpo.peer import Peer, peer
from tests.stores import SteadyClock

NOVA = "bedrock:eu.amazon.nova-lite-v1:0"
PLACE = f"s3://{BUCKET}/x"


@asynccontextmanager
async def at_prompts(
    home: Path, monkeypatch: pytest.MonkeyPatch, *, place: str = PLACE, **given: Any
) -> AsyncIterator[tuple[Story, Peer, SteadyClock]]:
    """A migration to a model on Bedrock whose prompts wait to be accepted; the model itself is a script."""
    async with peer(**given) as at, open_story(home, targets=(NOVA,)) as story:
        for name, value in {
            "ACCESS_KEY_ID": "t",
            "SECRET_ACCESS_KEY": "t",
            "REGION": "us-east-1",
            "ENDPOINT_URL": at.url,
        }.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        clock, opened = SteadyClock(), opener(ModelSettings())

        def scripted(ref: str, samples: Iterable[Sample]) -> Model:
            return opened(f"scripted:{story.script}" if ref == NOVA else ref, samples)

        story.tools.shelf.open_ref = scripted
        service = Advpo(Bucket(place), at.settings) if place else None
        story.tools = replace(story.tools, advpo=service, clock=clock)
        await story.to_prompts()
        yield story, at, clock


async def plan_of(story: Story) -> Plan:
    return await story.store.plans.get(story.id, 1)


async def ask(story: Story, clock: SteadyClock) -> AdvpoJob:
    return (await advpo.ask(story.store, story.engine, await plan_of(story), NOVA, by=REQUESTER, at=clock()))[0]


async def job_of(story: Story) -> AdvpoJob:
    job = await advpo.newest(story.store, await plan_of(story), NOVA)
    assert job
    return job


async def told(story: Story) -> list[str]:
    found = [m for m in await story.store.messages.of(story.id) if m.kind is MessageKind.REPLY]
    return [message.body for message in found]


async def minutes(story: Story, clock: SteadyClock, sweep: Sweep, count: int = 4) -> None:
    for _ in range(count):
        await sweep()
        await story.work()
        clock.pass_seconds(61)


async def test_it_brings_a_candidate_that_is_guarded_and_measured_with_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_prompts(tmp_path, monkeypatch) as (story, at, clock):
        assert await ask(story, clock) == await ask(story, clock)
        await story.work()
        assert ((await job_of(story)).state, len(at.jobs)) == (JobState.RUNNING, 1)
        assert await story.waits_for() == "prompts:1"
        await minutes(story, clock, Sweep(story.tools))
        job = await job_of(story)
        assert (job.state, job.by) == (JobState.DONE, REQUESTER)
        (made,) = [c for c in await story.store.prompts.candidates(story.id, 1) if c.prompt.method == "AdvPO"]
        assert (made.prompt.hash, made.refusal) == (job.prompt_hash, None)
        runs = await story.store.runs.listed(story.id, "candidates:1")
        (run,) = [each for each in runs if each.key.prompt_hash == made.prompt.hash]
        dev = {sample.id for sample in await story.store.datasets.samples(run.dataset_id, Split.DEV)}
        assert (run.status, {score.sample_id for score in await story.store.runs.scores(run.id)}) == (RunStatus.DONE, dev)
        sent = at.line(next(iter(at.jobs)))["evaluationSamples"]
        questions = {s.variables["question"] for s in await story.store.datasets.samples(run.dataset_id, Split.DEV)}
        assert {one["inputVariables"][0]["question"] for one in sent} == questions
        assert ["has ended. It brought a candidate, which is measured" in body for body in await told(story)] == [True]
        with_it = await advpo.ask(story.store, story.engine, await plan_of(story), NOVA, by=OWNER, at=clock())
        assert with_it == (job, False)


async def test_it_is_looked_at_once_a_minute_and_nobody_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_prompts(tmp_path, monkeypatch, life=["InProgress"]) as (story, at, clock):
        await ask(story, clock)
        await story.work()
        sweep = Sweep(story.tools)
        for _ in range(61):
            await sweep()
            await story.work(WorkKind.ADVPO)
            clock.pass_seconds(2)
        assert (at.asked["Get"], at.asked["Create"]) == (3, 1)
        await story.answer("prompts:1", "use")
        assert await story.waits_for() == "review:1"


async def test_what_comes_after_the_prompts_were_accepted_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_prompts(tmp_path, monkeypatch) as (story, _, clock):
        await ask(story, clock)
        await story.work()
        await story.answer("prompts:1", "use")
        await minutes(story, clock, Sweep(story.tools))
        job = await job_of(story)
        assert "came after the prompts were accepted" in job.note
        assert "came after the prompts were accepted" in (await told(story))[-1]
        runs = await story.store.runs.listed(story.id, "candidates:1")
        assert job.prompt_hash not in {run.key.prompt_hash for run in runs}
        assert await story.waits_for() == "review:1"
        with pytest.raises(RefusedError, match="accepted already"):
            await ask(story, clock)


@pytest.mark.parametrize("began", [True, False])
async def test_a_stopped_job_is_stopped_at_aws_and_can_be_asked_for_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, began: bool
) -> None:
    """Also where the worker died before it could store which job it had asked for."""
    async with at_prompts(tmp_path, monkeypatch, life=["InProgress"]) as (story, at, clock):
        job = await ask(story, clock)
        if began:
            await story.work()
        else:
            story.engine.waiting.clear()
            await story.tools.advpo.submit(await advpo_sent(story, job)) if story.tools.advpo else None
        assert await advpo.stop(story.store, story.engine, await job_of(story), by=OWNER)
        assert not await advpo.stop(story.store, story.engine, await job_of(story), by=REQUESTER)
        await story.work()
        job = await job_of(story)
        assert (job.state, job.stopped_by, at.asked["Stop"]) == (JobState.FAILED, OWNER, 1)
        assert job.note == "A person stopped it at AWS; calls it had made are charged."
        assert (await ask(story, clock)).attempt == 2
        await story.work()
        assert len(at.jobs) == 2


async def advpo_sent(story: Story, job: AdvpoJob) -> Any:
    from agent.worker.advpo import _sent

    return (await _sent(story.tools, job))[0]


async def test_a_migration_that_is_cancelled_stops_its_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_prompts(tmp_path, monkeypatch, life=["InProgress"]) as (story, at, clock):
        await ask(story, clock)
        await story.work()
        await story.store.migrations.set_status(story.id, MigrationStatus.CANCELLED, by=REQUESTER)
        await minutes(story, clock, Sweep(story.tools), 1)
        assert ((await job_of(story)).note[:25], at.asked["Stop"]) == ("The migration is over, so", 1)


async def test_a_pause_begins_no_job_and_lets_one_under_way_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_prompts(tmp_path, monkeypatch) as (story, at, clock):
        await ask(story, clock)
        await story.store.migrations.set_status(story.id, MigrationStatus.PAUSED, by=REQUESTER)
        await minutes(story, clock, Sweep(story.tools), 2)
        assert (at.jobs, (await job_of(story)).state) == ({}, JobState.QUEUED)
        await story.store.migrations.set_status(story.id, MigrationStatus.OPEN, by=REQUESTER)
        await minutes(story, clock, Sweep(story.tools))
        assert (await job_of(story)).state is JobState.DONE


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"life": ["Failed"], "failure": "The judge is away"}, "the job ended as Failed: The judge is away"),
        ({"life": ["Stopped"]}, "the job ended as Stopped"),
        ({"life": ["Completed"], "result": {"status": "FAILED", "failureReason": "no gain"}}, "no gain"),
        ({"life": ["Completed"], "rewrite": lambda _lines: ["nonsense"]}, "with the button on the prompts card"),
        ({"life": ["Completed"], "optimise": lambda _line: "Say it."}, "a guard refuses. It lost"),
        ({"faults": {"Create": [Fault("AccessDeniedException", 403)]}}, "credentials need"),
        ({"life": ["InProgress"]}, "gave no prompt within 48 hours"),
        ({"place": f"s3://nowhere/{BUCKET}"}, "another one in FERRY_ADVPO_BUCKET"),
        ({"place": ""}, "the operator sets FERRY_ADVPO_BUCKET"),
    ],
)
async def test_what_brings_nothing_says_why_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], said: str
) -> None:
    async with at_prompts(tmp_path, monkeypatch, **given) as (story, at, clock):
        await ask(story, clock)
        await story.work()
        clock.pass_seconds(49 * 3600 if given.get("life") == ["InProgress"] else 61)
        await minutes(story, clock, Sweep(story.tools), 2)
        job = await job_of(story)
        assert (job.state, said in job.note, len(await told(story))) == (JobState.FAILED, True, 1)
        assert "--" not in job.note
        assert at.asked["Stop"] == ("48 hours" in said)
        await story.answer("prompts:1", "use")
        assert await story.waits_for() == "review:1"


async def test_a_service_that_is_away_for_a_while_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    away = {"Create": [Fault("ThrottlingException", 429)] * 9, "Get": [Fault("InternalServerException", 500)] * 9}
    async with at_prompts(tmp_path, monkeypatch, faults=away) as (story, at, clock):
        await ask(story, clock)
        await story.work()
        assert (await job_of(story)).note
        away.clear()
        at.faults.clear()
        await minutes(story, clock, Sweep(story.tools))
        assert ((await job_of(story)).state, len(at.jobs)) == (JobState.DONE, 1)


async def test_what_the_service_does_not_take_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_prompts(tmp_path, monkeypatch) as (story, _, clock):
        plan = await plan_of(story)
        with pytest.raises(InputError, match="models on Bedrock"):
            await advpo.ask(story.store, story.engine, plan, "local:a", by=REQUESTER, at=clock())
        assert await story.store.advpo.of(story.id, 1) == ()


@pytest.mark.slow
async def test_a_worker_killed_between_asking_and_storing_makes_no_second_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_prompts(tmp_path, monkeypatch, life=["InProgress"]) as (story, at, clock):
        at.made = asyncio.Event()
        await ask(story, clock)
        async with worker_process(story.places.home, bucket=PLACE, endpoint=at.url) as worker:
            await asyncio.wait_for(at.made.wait(), 60)
            worker.kill()
            assert ((await job_of(story)).job, len(at.jobs)) == (None, 1)
            at.gone.set()
            worker.start()

            async def known() -> bool:
                return (await job_of(story)).job is not None

            await until(known)
        assert len(at.jobs) == 1
        assert (await job_of(story)).job == next(iter(at.jobs.values())).arn
