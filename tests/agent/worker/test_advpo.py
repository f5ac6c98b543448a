"""Advanced Prompt Optimization because a person asked: one job whatever happens, nobody waits for it, and people are told."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent import advpo
from agent.engine import WorkKind
from agent.worker import advpo as advpo_work
from agent.worker.shelf import opener
from agent.worker.sweep import Sweep
from db.keys import prompts_card
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
async def at_prompts(home: Path, monkeypatch: pytest.MonkeyPatch, **given: Any) -> AsyncIterator[tuple[Story, Peer, SteadyClock]]:
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
        story.tools = replace(story.tools, advpo=Advpo(Bucket(PLACE), at.settings), clock=clock)
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
        card = await story.store.messages.get(prompts_card(story.id, 1))
        assert card
        assert "no model was named that writes prompts (FERRY_WRITER, or a judge in the plan)" in json.loads(card.body)[NOVA][0]
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


async def test_it_is_looked_at_once_a_minute_nobody_waits_for_it_and_what_comes_late_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        next(iter(at.jobs.values())).life[:] = ["Completed"]
        await minutes(story, clock, sweep, 2)
        job = await job_of(story)
        assert "came after the prompts were accepted" in job.note
        assert "came after the prompts were accepted" in (await told(story))[-1]
        assert job.prompt_hash in {c.prompt.hash for c in await story.store.prompts.candidates(story.id, 1)}
        assert job.prompt_hash not in {run.key.prompt_hash for run in await story.store.runs.listed(story.id, "candidates:1")}
        assert await story.waits_for() == "review:1"
        with pytest.raises(RefusedError, match="accepted already"):
            await ask(story, clock)


async def test_a_job_that_is_not_wanted_any_more_is_stopped_at_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a click, also where the worker died before it could store which job it had asked for; and with the migration."""
    async with at_prompts(tmp_path, monkeypatch, life=["InProgress"]) as (story, at, clock):
        for attempt in (1, 2):
            job = await ask(story, clock)
            assert job.attempt == attempt
            if attempt == 1:
                await story.work()
            else:
                story.engine.waiting.clear()
                assert story.tools.advpo
                await story.tools.advpo.submit((await advpo_work._sent(story.tools, job))[0])
            assert await advpo.stop(story.store, story.engine, await job_of(story), by=OWNER)
            assert not await advpo.stop(story.store, story.engine, await job_of(story), by=REQUESTER)
            await story.work()
            job = await job_of(story)
            assert (job.state, job.stopped_by, at.asked["Stop"], len(at.jobs)) == (JobState.FAILED, OWNER, attempt, attempt)
            assert job.note == "A person stopped it at AWS; calls it had made are charged."
        await ask(story, clock)
        await story.work()
        await story.store.migrations.set_status(story.id, MigrationStatus.CANCELLED, by=REQUESTER)
        await minutes(story, clock, Sweep(story.tools), 1)
        assert ((await job_of(story)).note[:25], at.asked["Stop"]) == ("The migration is over, so", 3)


async def test_a_pause_begins_no_job_and_a_service_that_is_away_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = {"Create": [Fault("ThrottlingException", 429)] * 9, "Get": [Fault("InternalServerException", 500)] * 9}
    async with at_prompts(tmp_path, monkeypatch) as (story, at, clock):
        await ask(story, clock)
        await story.store.migrations.set_status(story.id, MigrationStatus.PAUSED, by=REQUESTER)
        sweep = Sweep(story.tools)
        await minutes(story, clock, sweep, 2)
        assert (at.jobs, (await job_of(story)).state) == ({}, JobState.QUEUED)
        await story.store.migrations.set_status(story.id, MigrationStatus.OPEN, by=REQUESTER)
        at.faults = away
        await minutes(story, clock, sweep, 1)
        job = await job_of(story)
        assert (job.is_open, job.note != "") == (True, True)
        at.faults = {}
        await minutes(story, clock, sweep)
        assert ((await job_of(story)).state, len(at.jobs)) == (JobState.DONE, 1)


async def test_a_job_at_aws_outlives_expired_credentials_and_a_worker_without_its_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended here it would go on there, paid for, and the next attempt would be a second one."""
    async with at_prompts(tmp_path, monkeypatch, life=["InProgress"]) as (story, at, clock):
        await ask(story, clock)
        await story.work()
        at.faults, sweep = {"Get": [Fault("ExpiredTokenException", 403)]}, Sweep(story.tools)
        await minutes(story, clock, sweep, 1)
        job = await job_of(story)
        assert (job.is_open, "credentials need" in job.note) == (True, True)
        configured, story.tools = story.tools, replace(story.tools, advpo=None)
        await minutes(story, clock, Sweep(story.tools), 1)
        assert ((await job_of(story)).is_open, "sets FERRY" in (await job_of(story)).note) == (True, True)
        story.tools = configured
        at.faults, next(iter(at.jobs.values())).life[:] = {}, ["Completed"]
        await minutes(story, clock, sweep)
        assert ((await job_of(story)).state, len(at.jobs)) == (JobState.DONE, 1)


async def test_two_days_count_from_when_the_service_has_it_and_then_it_is_stopped_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_prompts(tmp_path, monkeypatch, life=["InProgress"]) as (story, at, clock):
        await story.store.migrations.set_status(story.id, MigrationStatus.PAUSED, by=REQUESTER)
        await ask(story, clock)
        clock.pass_seconds(60 * 3600)
        await story.store.migrations.set_status(story.id, MigrationStatus.OPEN, by=REQUESTER)
        sweep = Sweep(story.tools)
        await minutes(story, clock, sweep, 3)
        assert ((await job_of(story)).state, at.asked["Stop"]) == (JobState.RUNNING, 0)
        clock.pass_seconds(49 * 3600)
        for operation, code in (
            ("Get", "ThrottlingException"),
            ("Stop", "ThrottlingException"),
            ("Stop", "AccessDeniedException"),
        ):
            at.faults = {operation: [Fault(code)] * 9}
            await minutes(story, clock, sweep, 1)
            assert (await job_of(story)).is_open
        at.faults = {}
        await minutes(story, clock, sweep, 1)
        job = await job_of(story)
        assert (job.state, next(iter(at.jobs.values())).life[-1]) == (JobState.FAILED, "Stopped")
        assert job.note.startswith(
            "The service gave no prompt within 48 hours, so it was stopped at AWS. What was in the way before:"
        )
        assert "credentials need" in job.note


BROKEN: tuple[tuple[dict[str, Any], str], ...] = (
    ({"life": ["Failed"], "failure": "The judge is away"}, "the job ended as Failed: The judge is away"),
    ({"life": ["Stopped"]}, "the job ended as Stopped"),
    ({"result": {"status": "FAILED", "failureReason": "no gain"}}, "no gain"),
    ({"rewrite": lambda _lines: ["nonsense"]}, "with the button on the prompts card"),
    ({"optimise": lambda _line: "Say it."}, "a guard refuses. It lost"),
    ({"faults": {"List": [Fault("AccessDeniedException", 403)]}}, "credentials need"),
    ({"life": ["InProgress"]}, "gave no prompt within 48 hours"),
)


async def test_what_brings_nothing_says_why_stops_nobody_and_can_be_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_prompts(tmp_path, monkeypatch) as (story, at, clock):
        usual, sweep = Peer(), Sweep(story.tools)
        for number, (given, said) in enumerate(BROKEN, 1):
            for name in ("life", "failure", "result", "rewrite", "optimise", "faults"):
                setattr(at, name, given.get(name, ["Completed"] if name == "life" else getattr(usual, name)))
            await ask(story, clock)
            await story.work()
            clock.pass_seconds(49 * 3600 if "48 hours" in said else 61)
            await minutes(story, clock, sweep, 2)
            job = await job_of(story)
            assert (job.attempt, job.state, said in job.note) == (number, JobState.FAILED, True), job.note
            assert ("--" in job.note, at.asked["Stop"]) == (False, int("48 hours" in said))
        assert len(await told(story)) == len(BROKEN)
        for service, said in (
            (Advpo(Bucket("s3://nowhere/x"), at.settings), "another one in FERRY_ADVPO_BUCKET"),
            (None, "sets FERRY"),
        ):
            story.tools = replace(story.tools, advpo=service)
            await ask(story, clock)
            await story.work()
            assert said in (await job_of(story)).note
        with pytest.raises(InputError, match="models on Bedrock"):
            await advpo.ask(story.store, story.engine, await plan_of(story), "local:a", by=REQUESTER, at=clock())
        await story.answer("prompts:1", "use")
        assert await story.waits_for() == "review:1"


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
