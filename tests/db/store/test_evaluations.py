"""Second opinions in the store: planned once, begun once, ended once, and listed while somebody waits."""

from dataclasses import replace
from datetime import UTC, datetime

from db import Store
from db.records import EvaluationJob, JobState, MigrationStatus, Run
from tests.db.facts import opened, output, queued, score

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


async def planned(store: Store) -> tuple[Run, EvaluationJob]:
    run = await queued(store, await opened(store))
    await store.runs.save(run.id, [output("s0"), output("s2")], [])
    job = EvaluationJob(
        migration_id=run.migration_id, run_id=run.id, part=0, metrics=("bedrock_refusal",), samples=("s0", "s2"), at=AT
    )
    assert await store.evaluations.plan([job])
    return run, job


async def test_a_plan_made_from_an_older_look_adds_nothing(store: Store) -> None:
    run, job = await planned(store)
    other = replace(job, samples=("s0",))
    assert not await store.evaluations.plan([other, replace(other, part=1)])
    assert await store.evaluations.of(run.id) == (job,)
    assert await store.evaluations.plan([replace(other, part=1)])
    assert [found.part for found in await store.evaluations.of(run.id)] == [0, 1]


async def test_the_first_beginning_and_the_first_end_stand(store: Store) -> None:
    run, job = await planned(store)
    later = AT.replace(hour=10)
    await store.evaluations.delay(job.id, "The service was busy.")
    assert [found.problem for found in await store.evaluations.of(run.id)] == ["The service was busy."]
    await store.evaluations.begin(job.id, "arn:1", later)
    await store.evaluations.begin(job.id, "arn:2", AT)
    begun = replace(job, job="arn:1", at=later, state=JobState.RUNNING)
    assert await store.evaluations.of(run.id) == (begun,)
    said = [score("s0", 0.5, "bedrock_refusal"), score("s2", None, "bedrock_refusal", unscored="second opinion missing: no")]
    await store.evaluations.finish(job, said)
    await store.evaluations.finish(job, [score("s0", 0.1, "bedrock_refusal")], "Too late.")
    await store.evaluations.delay(job.id, "Too late.")
    assert await store.evaluations.of(run.id) == (replace(begun, state=JobState.DONE),)
    assert await store.runs.scores(run.id) == tuple(said)


async def test_a_failure_is_kept_with_its_reason(store: Store) -> None:
    run, job = await planned(store)
    await store.evaluations.finish(job, [], "The role cannot read.")
    (found,) = await store.evaluations.of(run.id)
    assert (found.state, found.problem, found.is_open) == (JobState.FAILED, "The role cannot read.", False)


async def test_only_what_somebody_waits_for_is_unfinished(store: Store) -> None:
    run, job = await planned(store)
    assert await store.evaluations.unfinished() == (job,)
    await store.migrations.set_status(run.migration_id, MigrationStatus.PAUSED, by="U1")
    assert await store.evaluations.unfinished() == ()
    await store.migrations.set_status(run.migration_id, MigrationStatus.OPEN, by="U1")
    assert await store.evaluations.unfinished() == (job,)
    await store.evaluations.finish(job, [])
    assert await store.evaluations.unfinished() == ()
