"""Runs: the first output of a sample stands with its scores, counts are true, a crash loses what was in flight and no more."""

import asyncio
from dataclasses import replace

import pytest

from db import Store
from db.records import MessageKind, MigrationStatus, Run, RunStatus
from pipeline.errors import RefusedError
from pipeline.records import Failure, Lane, Output, Retry, Usage
from tests.db.facts import dataset, opened, output, queued, score

FAILED = Failure(kind="throttled", message="The provider is busy.")


def failure(sample_id: str) -> Output:
    return output(sample_id, None, failure=FAILED)


async def progress(store: Store, run: Run) -> int:
    message = await store.messages.get(f"progress:{run.migration_id}:{run.stage}")
    return message.revision if message else 0


async def test_a_key_is_run_once_in_a_stage(store: Store) -> None:
    migration = await opened(store)
    run = await queued(store, migration)
    assert await store.runs.add(replace(run, id="other", label="told twice")) == run
    other = await queued(store, migration, run_id="r2", model="b")
    late = await queued(store, migration, run_id="r3", stage="targets:1")
    assert await store.runs.listed(migration.id) == (run, other, late)
    assert await store.runs.listed(migration.id, "baseline") == (run, other)
    assert await store.runs.get("r1") == run
    messages = [m for m in await store.messages.of(migration.id) if m.kind is MessageKind.PROGRESS]
    assert [(m.key, m.subject, m.revision) for m in messages] == [
        (f"progress:{migration.id}:baseline", "baseline", 1), (f"progress:{migration.id}:targets:1", "targets:1", 1),
    ]  # fmt: skip


async def test_monitoring_shows_no_progress(sqlite_store: Store) -> None:
    run = await queued(sqlite_store, await opened(sqlite_store), stage="monitor:first")
    assert await progress(sqlite_store, run) == 0


async def test_an_output_comes_back_as_it_was(store: Store) -> None:
    run = await queued(store, await opened(store))
    full = Output(
        sample_id="s0", text="Ä\x00 \ud800 " + "long " * 999, stop_reason="end_turn",
        usage=Usage(input_tokens=3, output_tokens=5, cache_read_tokens=2, cache_write_tokens=1), latency_s=0.1,
        ttft_s=0.05, attempts=2, request_id="req-1", tool_calls=('{"input":{},"name":"x"}',), tier="flex", region="eu-west-1",
        retried=(Retry(kind="throttled", code="ThrottlingException", seconds=0.5, usage=Usage(input_tokens=3, output_tokens=0)),),
        usd=0.25, price_id="2026-11-25:abc", lane=Lane.LATENCY,
    )  # fmt: skip
    empty, failed = output("s2", ""), failure("s3")
    failed = replace(failed, failure=replace(FAILED, code="503"))
    given = (score("s0", 0.5, reason="half"), score("s2", None, unscored="empty"))
    await store.runs.save(run.id, [full, empty, failed], given)
    assert await store.runs.outputs(run.id) == (full, empty, failed)
    assert await store.runs.scores(run.id) == given
    assert await store.runs.retried([run.id]) == (1, 1)


async def test_the_first_output_stands_with_its_scores(store: Store) -> None:
    run = await queued(store, await opened(store))
    await store.runs.save(run.id, [output("s0", "first"), output("s0", "in the same batch")], [score("s0", 1.0)])
    await store.runs.save(run.id, [output("s0", "second"), failure("s2")], [score("s0", 0.0)])
    assert [o.text for o in await store.runs.outputs(run.id)] == ["first", None]
    assert [s.value for s in await store.runs.scores(run.id)] == [1.0]
    after = await store.runs.get(run.id)
    assert (after.status, after.stored, after.failed) == (RunStatus.RUNNING, 2, 1)
    assert await store.runs.stored_ids(run.id) == {"s0", "s2"}


async def test_a_run_is_scored_again(store: Store) -> None:
    run = await queued(store, await opened(store))
    await store.runs.save(run.id, [output("s0")], [score("s0", 1.0), score("s0", 0.4, "chrf")])
    await store.runs.save(run.id, [], [score("s0", None, unscored="the judge was wrong")])
    assert await store.runs.scores(run.id) == (score("s0", 0.4, "chrf"), score("s0", None, unscored="the judge was wrong"))
    assert (await store.runs.get(run.id)).stored == 1


async def test_a_score_keeps_what_it_was_made_from(store: Store) -> None:
    run = await queued(store, await opened(store))
    given = (score("s0", 0.5, "judge_preference", parts=(0.0, 1.0)), score("s0", 1.0, "rubric:tone", parts=(1.0, 1.0, 1.0)))
    await store.runs.save(run.id, [output("s0")], given)
    assert await store.runs.scores(run.id) == given


async def test_two_workers_on_one_run_count_every_sample_once(store: Store) -> None:
    run = await queued(store, await opened(store), size=80)
    async with asyncio.TaskGroup() as group:
        for worker in range(4):
            for start in range(0, 40, 10):
                batch = [output(f"s{2 * n}", f"by {worker}") for n in range(start, start + 10)]
                group.create_task(store.runs.save(run.id, batch, [score(o.sample_id) for o in batch]))
    after = await store.runs.get(run.id)
    assert (after.stored, after.failed, len(await store.runs.outputs(run.id))) == (40, 0, 40)
    assert await store.runs.finish(run.id)


async def test_saving_bumps_the_progress_and_nothing_else(store: Store) -> None:
    migration = await opened(store)
    run = await queued(store, migration)
    before = {m.key: m.revision for m in await store.messages.of(migration.id)}
    await store.runs.save(run.id, [output("s0")], [])
    after = {m.key: m.revision for m in await store.messages.of(migration.id)}
    assert {key for key in after if after[key] != before[key]} == {f"progress:{migration.id}:baseline"}
    assert len(await store.audit.events()) == 3


async def test_a_run_is_finished_when_every_sample_has_an_output(store: Store) -> None:
    run = await queued(store, await opened(store))
    assert not await store.runs.finish(run.id)
    await store.runs.save(run.id, [output("s0")], [])
    assert not await store.runs.finish(run.id)
    await store.runs.save(run.id, [failure("s2")], [])
    bumps = await progress(store, run)
    assert [await store.runs.finish(run.id) for _ in range(3)] == [True, True, True]
    assert await progress(store, run) == bumps + 1
    assert (await store.runs.get(run.id)).status is RunStatus.DONE
    await store.runs.fail(run.id, "too late")
    assert (await store.runs.get(run.id)).status is RunStatus.DONE


async def test_a_failed_run_says_why_and_does_not_finish(store: Store) -> None:
    run = await queued(store, await opened(store))
    await store.runs.save(run.id, [output("s0"), output("s2")], [])
    for problem in ("The key has expired; renew it.", "told twice"):
        await store.runs.fail(run.id, problem)
    assert not await store.runs.finish(run.id)
    after = await store.runs.get(run.id)
    assert (after.status, after.problem) == (RunStatus.FAILED, "The key has expired; renew it.")


async def test_a_retry_forgets_failures_and_keeps_answers(store: Store) -> None:
    run = await queued(store, await opened(store))
    await store.runs.save(run.id, [output("s0"), failure("s2")], [score("s0"), score("s2", None, unscored="failed")])
    assert (await store.runs.retry(run.id)).attempt == 1
    assert await store.runs.finish(run.id)
    again = await store.runs.retry(run.id)
    assert await store.runs.retry(run.id) == again
    assert (again.status, again.attempt, again.stored, again.failed, again.problem) == (RunStatus.QUEUED, 2, 1, 0, None)
    assert await store.runs.stored_ids(run.id) == {"s0"}
    assert await store.runs.scores(run.id) == (score("s0"),)
    await store.runs.save(run.id, [output("s2")], [])
    assert await store.runs.finish(run.id)


async def test_a_run_that_is_done_without_failures_is_not_retried(sqlite_store: Store) -> None:
    run = await queued(sqlite_store, await opened(sqlite_store))
    await sqlite_store.runs.save(run.id, [output("s0"), output("s2")], [])
    await sqlite_store.runs.finish(run.id)
    assert (await sqlite_store.runs.retry(run.id)).status is RunStatus.DONE


@pytest.mark.parametrize(
    ("status", "goes_on"), [("open", True), ("stuck", True), ("signed", True), ("paused", False), ("cancelled", False)]
)
async def test_runs_of_resting_migrations_are_not_unfinished(sqlite_store: Store, status: str, *, goes_on: bool) -> None:
    run = await queued(sqlite_store, await opened(sqlite_store))
    await sqlite_store.migrations.set_status(run.migration_id, MigrationStatus(status), by="U1")
    assert await sqlite_store.runs.unfinished() == ((run,) if goes_on else ())


async def test_a_result_carries_the_inputs_of_its_split(store: Store) -> None:
    run = await queued(store, await opened(store), size=6)
    await store.runs.save(run.id, [output("s4"), output("s0"), output("s2")], [score("s2"), score("s0")])
    result = await store.runs.result(run.id)
    assert (result.key, result.label) == (run.key, run.label)
    assert [o.sample_id for o in result.outputs] == ["s0", "s2", "s4"]
    assert [s.sample_id for s in result.scores] == ["s0", "s2"]
    assert result.input_hashes == {s.id: s.input_hash for s in dataset(6).samples if s.id in {"s0", "s2", "s4"}}


async def test_a_score_without_an_output_is_refused_whole(store: Store) -> None:
    """Nothing of a batch is kept when one part of it cannot be."""
    from sqlalchemy.exc import IntegrityError

    run = await queued(store, await opened(store))
    with pytest.raises(IntegrityError):
        await store.runs.save(run.id, [output("s0")], [score("s0"), score("s9")])
    assert await store.runs.outputs(run.id) == ()
    assert (await store.runs.get(run.id)).stored == 0


async def test_an_unknown_run_is_refused(sqlite_store: Store) -> None:
    for ask in (sqlite_store.runs.get, sqlite_store.runs.result, sqlite_store.runs.retry, sqlite_store.runs.finish):
        with pytest.raises(RefusedError, match="not known"):
            await ask("nothing")


async def test_what_a_judge_still_owes_and_what_is_stored_of_some_samples(store: Store) -> None:
    run = await queued(store, await opened(store), size=8)
    given = [output(f"s{2 * n}") for n in range(4)]
    await store.runs.save(run.id, given, [score(o.sample_id) for o in given])
    assert await store.runs.is_scored(run.id, ["exact_match"])
    await store.runs.save(
        run.id, [], [score("s0", metric="rubric:tone"), score("s2", None, "rubric:tone", unscored="judge timeout: 9 s")]
    )
    assert not await store.runs.is_scored(run.id, ["exact_match", "rubric:tone"])
    assert await store.runs.unscored(run.id, ["exact_match", "rubric:tone"]) == {"s4", "s6"}
    assert [o.sample_id for o in await store.runs.outputs(run.id, {"s2", "s6", "s9"})] == ["s2", "s6"]
    assert {(s.sample_id, s.metric) for s in await store.runs.scores(run.id, {"s2"})} == {
        ("s2", "exact_match"),
        ("s2", "rubric:tone"),
    }
    assert await store.runs.outputs(run.id, ()) == ()
