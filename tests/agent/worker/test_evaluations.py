"""The second opinion in a migration: runs wait for it, nothing is paid twice, and whatever happens the migration goes on."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.engine import WorkKind
from agent.worker import evaluations
from agent.worker.sweep import Sweep
from agent.worker.work import perform
from db.records import EvaluationJob, JobState, MessageKind, MigrationStatus, PlanChange, RunStatus
from pipeline.metrics.evaluations import Bedrock, Place
from tests.agent.story import REQUESTER, Story, open_story
from tests.pipeline.aws.wire import BUCKET, Fault
from tests.pipeline.metrics.evaluations.peer import ROLE, Peer, peer
from tests.stores import SteadyClock

PLACE = Place(role=ROLE, bucket=f"s3://{BUCKET}/ferry")
METRICS = ("bedrock_correctness", "bedrock_refusal")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@asynccontextmanager
async def planned(home: Path, *, place: Place | None = PLACE, **given: Any) -> AsyncIterator[tuple[Story, Peer, SteadyClock]]:
    """A migration whose plan, with second opinions, waits for its approval."""
    async with peer(**given) as at, open_story(home) as story:
        clock = SteadyClock()
        opinion = Bedrock(place, at.settings) if place else None
        story.tools = replace(story.tools, opinion=opinion, clock=clock)
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        await story.answer("plan:1", "change", change=PlanChange(add_metrics=METRICS))
        yield story, at, clock


async def jobs(story: Story) -> list[EvaluationJob]:
    runs = await story.store.runs.listed(story.id)
    return [job for run in runs for job in await story.store.evaluations.of(run.id)]


async def opinions(story: Story) -> list[tuple[float | None, str | None]]:
    """What every test run has of the first metric."""
    runs = [run for run in await story.store.runs.listed(story.id) if run.key.split.value == "test"]
    scores = [score for run in runs for score in await story.store.runs.scores(run.id) if score.metric == METRICS[0]]
    assert len(scores) == sum(run.total for run in runs)
    return [(score.value, score.unscored) for score in scores]


async def problems(story: Story) -> list[str]:
    return [m.body for m in await story.store.messages.of(story.id) if m.kind is MessageKind.PROBLEM]


async def to_the_end(story: Story, clock: SteadyClock, sweep: Sweep, *, minutes: int = 6, step: float = 61) -> None:
    """Let minutes pass, with a look of the sweep in each."""
    for _ in range(minutes):
        await sweep()
        await story.work()
        clock.pass_seconds(step)


async def test_runs_wait_for_it_and_it_is_on_test_alone(tmp_path: Path) -> None:
    async with planned(tmp_path, judge=lambda record, metric: 0.25) as (story, at, clock):
        await story.answer("plan:2", "approve")
        waiting = [run for run in await story.store.runs.listed(story.id) if run.status is RunStatus.RUNNING]
        assert [(run.key.split.value, run.stored == run.total) for run in waiting] == [("test", True)]
        assert [job.state for job in await jobs(story)] == [JobState.RUNNING]
        assert await story.waits_for() == "runs:baseline:2"
        await to_the_end(story, clock, Sweep(story.tools))
        assert await story.waits_for() == "review:2"
        assert {job.state for job in await jobs(story)} == {JobState.DONE}
        assert set(await opinions(story)) == {(0.25, None)}
        assert len(at.jobs) == len(await jobs(story)) == len({run.run_id for run in await jobs(story)})
        sent = at.lines(next(iter(at.jobs)))[0]
        assert sent["prompt"].startswith("Message: ")
        assert await problems(story) == []
        report_run = next(r for r in await story.store.runs.listed(story.id) if r.stage == "targets:2")
        turned = [s for s in await story.store.runs.scores(report_run.id) if s.metric == METRICS[1]]
        assert {s.value for s in turned} == {0.75}


async def test_a_job_is_looked_at_once_a_minute(tmp_path: Path) -> None:
    async with planned(tmp_path, life=["InProgress"]) as (story, at, clock):
        await story.answer("plan:2", "approve")
        sweep = Sweep(story.tools)
        for _ in range(61):
            await sweep()
            await story.work(WorkKind.EVALUATE)
            clock.pass_seconds(2)
        assert at.asked["GetEvaluationJob"] == 3
        assert at.asked["CreateEvaluationJob"] == 1


async def test_a_worker_cut_between_create_and_store_pays_once(tmp_path: Path) -> None:
    async with planned(tmp_path) as (story, at, clock):
        await story.decide("plan:2", "approve")
        await story.conversation.advance(story.id)
        store = story.store.evaluations
        begin, store.begin = store.begin, _killed  # type: ignore[method-assign,assignment]
        await story.work(WorkKind.RUN, WorkKind.CHUNK)
        with pytest.raises(_KilledError):
            await evaluations.look(
                story.tools, *next(args for kind, _, args in story.engine.waiting if kind is WorkKind.EVALUATE)
            )
        assert len(at.jobs) == 1
        assert [(job.state, job.job) for job in await jobs(story)] == [(JobState.QUEUED, None)]
        store.begin = begin  # type: ignore[method-assign]
        story.engine.waiting.clear()
        await to_the_end(story, clock, Sweep(story.tools), minutes=2)
        first = next(job for job in await jobs(story) if job.job)
        assert first.job in {job.arn for job in at.jobs.values()}
        await to_the_end(story, clock, Sweep(story.tools))
        assert await story.waits_for() == "review:2"
        assert len(at.jobs) == len(await jobs(story))


async def test_looking_twice_at_once_asks_once_and_stores_once(tmp_path: Path) -> None:
    async with planned(tmp_path, life=["Completed"]) as (story, at, _clock):
        await story.answer("plan:2", "approve")
        (job,) = await jobs(story)
        for _ in range(2):
            await perform(story.tools, WorkKind.EVALUATE, (job.run_id, "0"))
        assert at.asked["GetEvaluationJob"] == 1
        assert {value for value, _ in await opinions(story) if value is not None} == {0.5}


async def test_without_its_settings_the_cells_say_so_and_the_thread_too(tmp_path: Path) -> None:
    async with planned(tmp_path, place=None) as (story, at, _clock):
        await story.answer("plan:2", "approve")
        assert await story.waits_for() == "review:2"
        (unscored,) = {why for _, why in await opinions(story)}
        assert unscored is not None
        assert unscored.startswith("second opinion not_set_up: ")
        for told in await problems(story):
            assert "FERRY_EVALUATION_ROLE and FERRY_EVALUATION_BUCKET" in told
        assert len(await problems(story)) == 2  # the baseline's stage and the targets'
        assert at.jobs == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"life": ["Failed"], "failures": ["The role cannot read."]}, "failed: Bedrock Evaluations says: .*The role cannot read"),
        ({"life": ["Stopped"]}, "failed: .*Stopped"),
        ({"faults": {"CreateEvaluationJob": [Fault("AccessDeniedException", 403, "denied")] * 9}}, "refused: .*denied"),
        ({"faults": {"PutObject": [Fault("NoSuchBucket", 404)] * 9}}, "refused: .*bucket"),
        ({"life": ["Completed"], "rewrite": lambda lines: []}, "missing: "),
    ],
)
async def test_whatever_goes_wrong_the_migration_goes_on(tmp_path: Path, given: dict[str, Any], words: str) -> None:
    async with planned(tmp_path, **given) as (story, _at, clock):
        await story.answer("plan:2", "approve")
        await to_the_end(story, clock, Sweep(story.tools))
        assert await story.waits_for() == "review:2"
        found = await opinions(story)
        assert all(value is None for value, _ in found)
        assert all(_matches(f"second opinion {words}", why or "") for _, why in found)
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.OPEN
        assert all("goes on" in told for told in await problems(story))


async def test_a_quota_is_waited_for_and_a_day_is_too_long(tmp_path: Path) -> None:
    quota = Fault("ServiceQuotaExceededException", 400, "20 jobs")
    async with planned(tmp_path, faults={"CreateEvaluationJob": [quota] * 2}, life=["InProgress"]) as (story, at, clock):
        await story.answer("plan:2", "approve")
        (job,) = await jobs(story)
        assert job.state is JobState.QUEUED
        assert "quota" in (job.problem or "")
        sweep = Sweep(story.tools)
        await to_the_end(story, clock, sweep, minutes=4)
        (job,) = await jobs(story)
        assert (job.state, job.problem) == (JobState.RUNNING, None)
        clock.now += timedelta(hours=25)
        await sweep()
        await story.work()
        (job, *_) = [job for job in await jobs(story) if job.state is JobState.FAILED]
        assert "24 hours" in (job.problem or "")
        assert len(at.jobs) >= 1


async def test_a_paused_migration_asks_nothing_and_goes_on_later(tmp_path: Path) -> None:
    async with planned(tmp_path, life=["Completed"]) as (story, at, clock):
        await story.decide("plan:2", "approve")
        await story.conversation.advance(story.id)
        await story.work(WorkKind.RUN, WorkKind.CHUNK)
        await story.store.migrations.set_status(story.id, MigrationStatus.PAUSED, by=REQUESTER)
        await to_the_end(story, clock, Sweep(story.tools), minutes=2)
        assert at.jobs == {}
        await story.conversation.resume(story.id, by=REQUESTER)
        await to_the_end(story, clock, Sweep(story.tools))
        assert await story.waits_for() == "review:2"


async def test_a_later_plan_asks_only_for_what_is_missing(tmp_path: Path) -> None:
    async with planned(tmp_path, life=["Completed"]) as (story, at, clock):
        await story.answer("plan:2", "approve")
        await to_the_end(story, clock, Sweep(story.tools))
        before = len(at.jobs)
        await story.answer("review:2", "close")
        await story.answer("sign_off:2", "request_changes", by="U0OWNER", change=PlanChange(add_metrics=("bedrock_coherence",)))
        await story.answer("plan:3", "approve")
        await to_the_end(story, clock, Sweep(story.tools))
        new = list(at.jobs.values())[before:]
        asked = [job.request["evaluationConfig"]["automated"]["datasetMetricConfigs"][0]["metricNames"] for job in new]
        assert asked[0] == ["Builtin.Coherence"]
        assert [job.metrics for job in await jobs(story) if job.part == 1] == [("bedrock_coherence",)]


class _KilledError(Exception):
    """The process ended here."""


async def _killed(*_args: object) -> None:
    raise _KilledError


def _matches(pattern: str, text: str) -> bool:
    return re.match(pattern, text) is not None
