"""Batch jobs and the choice for them: what was written first stands."""

from dataclasses import replace

from db import Store
from db.records import MigrationStatus, RunBatch
from pipeline.models.batch.records import BatchJob, Ending
from tests.db.facts import NEW, queued


async def test_a_job_goes_from_plan_to_its_end_once(store: Store) -> None:
    migration = await store.migrations.open(NEW)
    run = await queued(store, migration)
    batch = RunBatch(migration_id=migration.id, run_id=run.id, job=BatchJob(low=40, high=300), at=store.clock())
    await store.batches.plan(batch)
    await store.batches.plan(replace(batch, job=replace(batch.job, high=9)))
    assert await store.batches.of(run.id) == (batch,)
    assert await store.batches.charge(batch, 2.5) is None
    await store.batches.begin(batch, "arn:1")
    await store.batches.begin(batch, "arn:2")
    await store.batches.see(batch, "InProgress", 255, 20)
    (there,) = await store.batches.of(run.id)
    assert (there.job.arn, there.job.usd, there.status, there.records, there.done) == ("arn:1", 2.5, "InProgress", 255, 20)
    assert await store.batches.finish(batch, Ending.PARTLY)
    assert not await store.batches.finish(batch, Ending.FAILED)
    second = replace(batch, job=BatchJob(low=40, high=300, attempt=2))
    await store.batches.plan(second)
    assert [(b.job.attempt, b.job.ending) for b in await store.batches.of(run.id)] == [(1, Ending.PARTLY), (2, None)]


async def test_a_job_is_charged_in_one_step_with_its_row_whatever_comes_twice(store: Store) -> None:
    migration = await store.migrations.open(NEW)
    run = await queued(store, migration)
    await store.purses.set_budget(migration.id, 3.0, by="U1")
    batch = RunBatch(migration_id=migration.id, run_id=run.id, job=BatchJob(low=40, high=300), at=store.clock())
    await store.batches.plan(batch)
    for usd, spent in ((2.0, 2.0), (2.0, 2.0), (2.5, 2.5), (3.5, 2.5), (0.0, 0.0), (3.0, 3.0)):
        assert (await store.batches.charge(batch, usd) is None) == (usd <= 3)
        assert (await store.purses.get(migration.id)).spent == spent
    await store.batches.begin(batch, "arn:1")
    assert await store.batches.charge(batch, 1.0) is None
    assert [b.job.usd for b in await store.batches.of(run.id)] == [3.0]
    for _ in range(2):
        await store.batches.finish(batch, Ending.WHOLE, 1.25)
        assert (await store.purses.get(migration.id)).spent == 1.25


async def test_a_purse_that_was_stopped_allows_no_job_and_an_end_may_leave_the_charge(store: Store) -> None:
    migration = await store.migrations.open(NEW)
    run = await queued(store, migration)
    batch = RunBatch(migration_id=migration.id, run_id=run.id, job=BatchJob(low=40, high=300), at=store.clock())
    await store.batches.plan(batch)
    await store.purses.stop(migration.id, "no more")
    refused = await store.batches.charge(batch, 2.0)
    assert refused is not None
    assert (refused.stopped, refused.spent) == ("no more", 0.0)
    await store.purses.set_budget(migration.id, None, by="U1")
    assert await store.batches.charge(batch, 2.0) is None
    await store.batches.finish(batch, Ending.STOPPED)
    assert (await store.purses.get(migration.id)).spent == 2.0


async def test_only_jobs_of_migrations_that_are_over_are_unwanted(store: Store) -> None:
    migration = await store.migrations.open(NEW)
    run = await queued(store, migration)
    await store.batches.plan(RunBatch(migration_id=migration.id, run_id=run.id, job=BatchJob(low=0, high=9), at=store.clock()))
    assert await store.batches.unwanted() == ()
    await store.migrations.set_status(migration.id, MigrationStatus.PAUSED, by="U1")
    assert await store.batches.unwanted() == ()
    await store.migrations.set_status(migration.id, MigrationStatus.CANCELLED, by="U1")
    (batch,) = await store.batches.unwanted()
    await store.batches.finish(batch, Ending.STOPPED)
    assert await store.batches.unwanted() == ()


async def test_a_choice_stands_until_somebody_chooses_otherwise_and_is_in_the_audit_chain_once(store: Store) -> None:
    migration = await store.migrations.open(NEW)
    assert await store.batches.choice(migration.id) is None
    assert not await store.batches.choose(migration.id, wanted=False, by="U1")
    assert await store.batches.choose(migration.id, wanted=True, by="U1")
    assert not await store.batches.choose(migration.id, wanted=True, by="U2")
    choice = await store.batches.choice(migration.id)
    assert choice is not None
    assert (choice.wanted, choice.by) == (True, "U1")
    assert await store.batches.choose(migration.id, wanted=False, by="U2")
    events = [e for e in await store.audit.events(migration.id) if e.action == "batch jobs"]
    assert [(e.actor, e.detail_json) for e in events] == [("U1", '{"batch":"true"}'), ("U2", '{"batch":"false"}')]
