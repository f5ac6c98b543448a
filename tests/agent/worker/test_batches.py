"""The bulk of a run by batch jobs, as the worker follows them: on the wire, within a budget, until stopped."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.engine import WorkKind
from agent.worker.shelf import opener
from agent.worker.sweep import Sweep
from db.records import MigrationStatus, Run, RunBatch, RunStatus
from pipeline.models.batch.jobs import BatchInference
from pipeline.models.batch.place import Place
from pipeline.models.batch.records import CANARY, NEEDED, BatchJob, Ending
from pipeline.models.lanes import SAMPLES
from pipeline.records import Dataset, Lane, RunKey, Sample, Split
from tests.agent.story import REQUESTER, Story, open_story
from tests.pipeline.aws.wire import Fault
from tests.pipeline.models.batch.peer import PLACE, REF, ROLE, Peer, asked, converse, echo, peer

N, BESIDE = 260, SAMPLES + CANARY
WHERE = Place(role=ROLE, bucket=PLACE)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def enter(story: Story, service: Peer) -> None:
    """Models and batch jobs are asked of the peer."""
    story.tools.shelf.open_ref = opener(service.settings)
    story.tools = replace(story.tools, batch=BatchInference(WHERE, service.settings))


async def queued(story: Story, count: int = N) -> Run:
    """A run of the source on test that nobody has begun."""
    samples = tuple(Sample(id=f"s{n:04}", variables={"question": f"number {n}"}) for n in range(count))
    dataset = Dataset(samples=samples, splits={sample.id: Split.TEST for sample in samples})
    await story.store.datasets.add_upload("large", story.id, "large.csv", "uploads/large", REQUESTER)
    version = await story.store.datasets.freeze("large", dataset)
    prompt = await story.store.prompts.original(story.id)
    key = RunKey(model=REF, prompt_hash=prompt.hash, split=Split.TEST)
    run = Run(
        id="large", migration_id=story.id, dataset_id=version.id, stage="baseline", label="source", key=key,
        status=RunStatus.QUEUED, total=count,
    )  # fmt: skip
    return await story.store.runs.add(run)


@asynccontextmanager
async def begun(home: Path, *, wanted: bool = True, count: int = N, **given: Any) -> AsyncIterator[tuple[Story, Peer, Run]]:
    """A big run, with batch jobs chosen, submitted."""
    async with peer(**given) as service, open_story(home, source=REF) as story:
        enter(story, service)
        run = await queued(story, count)
        if wanted:
            assert await story.store.batches.choose(story.id, wanted=True, by=REQUESTER)
        await story.engine.submit(WorkKind.RUN, run.id, run.id)
        yield story, service, run


async def worked(story: Story, looks: int = 8) -> Run:
    """What sweeps do, until the run has ended."""
    for _ in range(looks):
        await story.work()
        if (await story.store.runs.get("large")).status not in {RunStatus.QUEUED, RunStatus.RUNNING}:
            break
        await story.engine.submit(WorkKind.RUN, "large", "large")
    return await story.store.runs.get("large")


async def check(story: Story, service: Peer, count: int = N) -> None:
    """Every sample has its own answer; nobody was asked twice on demand."""
    outputs = await story.store.runs.outputs("large")
    prefix = "answer to Message: number"
    assert {o.sample_id: o.text for o in outputs} == {f"s{n:04}": f"{prefix} {n}\nIntent:" for n in range(count)}
    assert max(Counter(service.on_demand).values()) == 1


async def test_the_bulk_goes_by_batch_after_the_latency_is_measured(tmp_path: Path) -> None:
    async with begun(tmp_path) as (story, service, _):
        assert (await worked(story)).status is RunStatus.DONE
        await check(story, service)
        assert len(service.on_demand) == BESIDE
        (job,) = service.jobs
        assert len(service.records(job)) == N - BESIDE
        outputs = await story.store.runs.outputs("large")
        by_batch = [o for o in outputs if o.tier == "batch"]
        assert {(o.lane, o.latency_s) for o in by_batch} == {(Lane.BULK, None)}
        purse = await story.store.purses.get(story.id)
        assert purse.spent == pytest.approx(sum(o.usd or 0 for o in outputs))
        assert purse.held == 0
        (use,) = await story.store.runs.used(["large"])
        assert use.usd == pytest.approx(purse.spent)


async def test_without_a_choice_or_a_place_everything_is_asked_on_demand(tmp_path: Path) -> None:
    async with begun(tmp_path, wanted=False) as (story, service, _):
        assert (await worked(story)).status is RunStatus.DONE
        assert (len(service.on_demand), service.jobs) == (N, [])
    (tmp_path / "other").mkdir()
    async with begun(tmp_path / "other") as (story, service, _):
        story.tools = replace(story.tools, batch=None)
        assert (await worked(story)).status is RunStatus.DONE
        assert (len(service.on_demand), service.jobs) == (N, [])


@pytest.mark.parametrize("ending", ["Expired", "PartiallyCompleted"])
async def test_what_jobs_leave_is_sent_once_more_and_then_asked_on_demand(ending: str, tmp_path: Path) -> None:
    async with begun(tmp_path, count=400, lives=[["InProgress", ending], [ending]]) as (story, service, _):
        service.rewrite = lambda number, lines: lines[: [150, 40][number]]
        assert (await worked(story, 12)).status is RunStatus.DONE
        await check(story, service, 400)
        assert len(service.jobs) == 2
        assert len(service.on_demand) == 400 - 150 - 40


async def test_a_job_under_way_is_seen_and_nothing_else_is_asked(tmp_path: Path) -> None:
    async with begun(tmp_path, life=["InProgress"]) as (story, service, _):
        assert (await worked(story, 4)).status is RunStatus.RUNNING
        (batch,) = await story.store.batches.of("large")
        assert (batch.status, batch.records, batch.done, batch.job.ending) == ("InProgress", N - BESIDE, 1, None)
        assert len(service.on_demand) == BESIDE
        purse = await story.store.purses.get(story.id)
        assert purse.spent > batch.job.usd > 0


@pytest.mark.parametrize("life", [["Failed"], ["Stopped"]])
async def test_a_job_that_ended_badly_fails_the_run_with_the_ways_out_and_retry_makes_another(
    life: list[str], tmp_path: Path
) -> None:
    async with begun(tmp_path, lives=[life], message="the role cannot read") as (story, service, _):
        service.rewrite = lambda number, lines: lines if number else lines[:20]
        run = await worked(story)
        assert run.status is RunStatus.FAILED
        assert f"the job ended as {life[0]}: the role cannot read. Press Retry for another job" in (run.problem or "")
        await story.store.runs.retry("large")
        await story.engine.submit(WorkKind.RUN, "large", "large")
        assert (await worked(story)).status is RunStatus.DONE
        await check(story, service)
        assert len(service.jobs) == 2
        outputs = await story.store.runs.outputs("large")
        assert (await story.store.purses.get(story.id)).spent == pytest.approx(sum(o.usd or 0 for o in outputs))


async def test_after_no_batch_the_rest_is_asked_on_demand(tmp_path: Path) -> None:
    async with begun(tmp_path, lives=[["Failed"]]) as (story, service, _):
        await worked(story)
        assert await story.store.batches.choose(story.id, wanted=False, by=REQUESTER)
        await story.store.runs.retry("large")
        await story.engine.submit(WorkKind.RUN, "large", "large")
        assert (await worked(story)).status is RunStatus.DONE
        assert len(service.jobs) == 1
        assert len(service.on_demand) == N


@pytest.mark.parametrize(
    ("operation", "fault", "said"),
    [
        ("Create", Fault("AccessDeniedException", 403, "no"), "bedrock:CreateModelInvocationJob"),
        ("Create", Fault("ValidationException", 400, "no batch for this model"), "or ask on demand"),
        ("PutObject", Fault("NoSuchBucket", 404, "no"), "is not there"),
    ],
)
async def test_a_job_that_cannot_be_made_fails_the_run_and_charges_nothing_for_it(
    operation: str, fault: Fault, said: str, tmp_path: Path
) -> None:
    async with begun(tmp_path, faults={operation: [fault]}) as (story, _, _):
        run = await worked(story)
        assert run.status is RunStatus.FAILED
        assert said in (run.problem or "")
        outputs = await story.store.runs.outputs("large")
        assert len(outputs) == BESIDE
        purse = await story.store.purses.get(story.id)
        assert purse.spent == pytest.approx(sum(o.usd or 0 for o in outputs))
        assert purse.held == 0


async def test_a_quota_is_waited_for_and_said(tmp_path: Path) -> None:
    busy = Fault("ServiceQuotaExceededException", 400, "too many jobs")
    async with begun(tmp_path, faults={"Create": [busy] * 3}) as (story, service, _):
        for _ in range(3):
            await story.work()
            (batch,) = await story.store.batches.of("large")
            assert "Ferry tries again as jobs end" in batch.status
            assert len(service.on_demand) == BESIDE
            await story.engine.submit(WorkKind.RUN, "large", "large")
        assert (await worked(story)).status is RunStatus.DONE
        assert len(service.jobs) == 1
        assert len(service.on_demand) == BESIDE


async def test_without_one_answer_before_it_no_job_is_made_and_a_person_says_how_to_go_on(tmp_path: Path) -> None:
    """A process of its own does not know what the model refuses, and every sample it asks is blocked."""
    async with begun(tmp_path) as (story, service, _):
        await story.work(WorkKind.RUN, WorkKind.CHUNK)
        service.answer = blocked
        for number in (1, 2):
            story.tools.shelf.models.clear()
            run = await worked(story)
            assert run.status is RunStatus.FAILED
            assert "None of the samples asked on demand before the batch job was answered" in (run.problem or "")
            assert "Review the sample and the guardrail's settings. Press Retry" in (run.problem or "")
            assert len(service.on_demand) == SAMPLES + number * CANARY
            await story.store.runs.retry("large")
            await story.engine.submit(WorkKind.RUN, "large", "large")
        assert service.jobs == []
        assert await story.store.batches.choose(story.id, wanted=False, by=REQUESTER)
        service.answer = echo
        assert (await worked(story)).status is RunStatus.DONE
        assert (await story.store.purses.get(story.id)).held == 0


async def test_a_process_of_its_own_asks_more_samples_while_none_is_answered(tmp_path: Path) -> None:
    busy = Fault("ServiceQuotaExceededException", 400, "too many jobs")
    async with begun(tmp_path, faults={"Create": [busy]}) as (story, service, _):
        await story.work()
        story.tools.shelf.models.clear()
        service.answer = lambda body: echo(body) if asked(body).endswith(f"number {BESIDE + 2}\nIntent:") else blocked(body)
        await story.engine.submit(WorkKind.RUN, "large", "large")
        await story.work()
        assert len(service.on_demand) == BESIDE + 3
        assert len(service.records(service.jobs[0])) == N - BESIDE - 3


def blocked(_body: dict[str, Any]) -> dict[str, Any]:
    return converse("", "guardrail_intervened")


async def test_a_planned_job_of_which_too_little_is_left_is_given_up(tmp_path: Path) -> None:
    busy = Fault("ServiceQuotaExceededException", 400, "too many jobs")
    async with begun(tmp_path, count=SAMPLES + NEEDED, faults={"Create": [busy]}) as (story, service, _):
        await story.work()
        story.tools.shelf.models.clear()  # another worker, which does not know what the model refuses
        await story.engine.submit(WorkKind.RUN, "large", "large")
        assert (await worked(story)).status is RunStatus.DONE
        await check(story, service, SAMPLES + NEEDED)
        assert service.jobs == []


async def test_a_job_that_was_planned_only_holds_no_run_where_none_can_be_made_any_more(tmp_path: Path) -> None:
    async with begun(tmp_path) as (story, service, run):
        job = RunBatch(migration_id=story.id, run_id=run.id, job=BatchJob(low=SAMPLES, high=N), at=story.tools.clock())
        await story.store.batches.plan(job)
        story.tools = replace(story.tools, batch=None)
        assert (await worked(story)).status is RunStatus.DONE
        await check(story, service)
        assert [batch.job.ending for batch in await story.store.batches.of(run.id)] == [Ending.STOPPED]


async def test_a_job_that_could_pass_the_budget_is_not_made_and_a_higher_one_lets_it_go_on(tmp_path: Path) -> None:
    async with begun(tmp_path) as (story, service, _):
        await story.store.purses.set_budget(story.id, 0.005, by=REQUESTER)
        await worked(story, 3)
        migration = await story.store.migrations.get(story.id)
        assert migration.status is MigrationStatus.PAUSED
        assert "does not allow another call" in (migration.problem or "")
        assert service.jobs == []
        await story.store.purses.set_budget(story.id, 5.0, by=REQUESTER)
        await story.conversation.resume(story.id, by=REQUESTER)
        await story.engine.submit(WorkKind.RUN, "large", "large")
        assert (await worked(story)).status is RunStatus.DONE
        await check(story, service)


async def test_a_cancelled_migration_has_its_jobs_stopped(tmp_path: Path) -> None:
    async with begun(tmp_path, life=["InProgress"]) as (story, service, _):
        await worked(story, 3)
        await story.store.migrations.set_status(story.id, MigrationStatus.CANCELLED, by=REQUESTER)
        await Sweep(story.tools)()
        await story.work(WorkKind.BATCH)
        assert service.jobs[0].life[-1] == "Stopped"
        (batch,) = await story.store.batches.of("large")
        assert batch.job.ending is Ending.STOPPED
        assert await story.store.batches.unwanted() == ()
