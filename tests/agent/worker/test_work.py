"""Each kind of work against a real store: what it writes, what it refuses, what a second time changes."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engine import WorkKind
from agent.worker import runs
from agent.worker.boundary import Trouble, attempt, persist, trace
from agent.worker.sweep import Sweep
from agent.worker.work import perform
from db.records import MessageKind, MigrationStatus, Run, RunStatus
from pipeline.errors import InputError
from pipeline.models.failures import failure
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts.template import parse_prompt
from pipeline.records import Candidate, Output, Request, RunKey, Score, Split
from tests.agent.story import REQUESTER, Story, open_story


async def problems(story: Story) -> list[str]:
    return [m.body for m in await story.store.messages.of(story.id) if m.kind is MessageKind.PROBLEM]


def answer_with(
    story: Story, answers: Callable[[Request], Output | str], *, latency_s: float = 0.0, concurrency: int = 8
) -> ScriptedModel:
    """Put another model behind the target's ref."""
    model = ScriptedModel(answers, latency_s=latency_s, concurrency=concurrency)
    open_ref = story.tools.shelf.open_ref
    story.tools.shelf.open_ref = lambda ref, samples: model if ref.startswith("scripted:") else open_ref(ref, samples)
    return model


async def test_a_bad_file_is_refused_with_the_reason_and_the_next_one_is_taken(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        upload = await story.upload(text="<html><body>Sign in</body></html>")
        await story.work()
        refused = await story.store.datasets.upload(upload)
        assert refused.state == "refused"
        assert await problems(story) == [refused.refusal]
        assert "intents.csv" in (refused.refusal or "")
        assert await story.waits_for() == "dataset:1"
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.OPEN
        await story.upload()
        await story.work()
        assert await story.waits_for() == "plan:1"


async def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        upload = await story.upload()
        (story.places.files / "uploads" / upload).unlink()
        await story.work()
        assert "Drop it into this thread again" in ((await story.store.datasets.upload(upload)).refusal or "")


async def test_a_failure_that_every_call_would_meet_stops_the_run_until_it_is_repaired(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload(60)
        await story.work()
        denied = answer_with(story, lambda r: Output(sample_id=r.sample_id, text=None, failure=failure("access")), concurrency=2)
        await story.answer("plan:1", "approve")
        migration = await story.store.migrations.get(story.id)
        assert migration.status is MigrationStatus.STUCK
        assert "credentials" in (migration.problem or "")
        assert (await problems(story))[0] == migration.problem
        failed = [run for run in await story.store.runs.listed(story.id) if run.status is RunStatus.FAILED]
        assert failed
        assert all(run.stored == 0 for run in failed)
        assert denied.calls <= 3 * 3 * len(failed)
        assert await story.waits_for() == "runs:candidates:1"

        story.tools.shelf.models.clear()
        answer_with(story, lambda _request: "age_limit")
        await story.conversation.resume(story.id, by=REQUESTER)
        await story.work()
        assert await story.waits_for() == "review:1"
        assert (await story.store.migrations.get(story.id)).problem is None


async def test_pausing_stops_the_calls_within_seconds_and_keeps_what_was_paid(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload(100)
        await story.work()
        model = answer_with(story, lambda _request: "age_limit", latency_s=0.1, concurrency=2)
        await story.decide("plan:1", "approve")
        await story.conversation.advance(story.id)
        await story.work(WorkKind.RUN, WorkKind.CHUNK)
        await story.work(WorkKind.CONVERT, WorkKind.RUN)
        chunk = next(args for kind, _, args in story.engine.waiting if kind is WorkKind.CHUNK)
        story.engine.waiting.clear()
        async with asyncio.TaskGroup() as group:
            working = group.create_task(perform(story.tools, WorkKind.CHUNK, chunk))
            await asyncio.sleep(0.5)
            await story.store.migrations.set_status(story.id, MigrationStatus.PAUSED, by=REQUESTER)
            paused_at = asyncio.get_running_loop().time()
            await working
        assert asyncio.get_running_loop().time() - paused_at < 5
        run = await story.store.runs.get(chunk[0])
        assert 0 < run.stored < run.total
        assert run.stored == model.calls
        answer_with(story, lambda _request: "age_limit")
        await story.tools.shelf.close()
        await story.store.migrations.set_status(story.id, MigrationStatus.OPEN, by=REQUESTER)
        sweep = Sweep(story.tools)
        await sweep()
        await story.work(WorkKind.RUN)
        await story.work(WorkKind.CHUNK)
        run = await story.store.runs.get(run.id)
        assert (run.status, run.stored) == (RunStatus.DONE, run.total)


async def test_chunks_that_share_a_model_keep_to_its_concurrency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(runs.CHUNK, "scripted", 5)
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload(60)
        await story.work()
        model = answer_with(story, lambda _request: "age_limit", latency_s=0.01, concurrency=3)
        await story.decide("plan:1", "approve")
        await story.conversation.advance(story.id)
        await story.work(WorkKind.RUN, WorkKind.CHUNK)
        await story.work(WorkKind.CONVERT, WorkKind.RUN)
        chunks = [args for kind, _, args in story.engine.waiting if kind is WorkKind.CHUNK]
        assert len(chunks) > 5
        async with asyncio.TaskGroup() as group:
            for args in chunks:
                group.create_task(perform(story.tools, WorkKind.CHUNK, args))
        assert model.most_in_flight == 3
        found = await story.store.runs.listed(story.id, "candidates:1")
        assert model.calls == sum(run.total for run in found) == sum(run.stored for run in found)


class BrokenSave:
    """The runs of a store whose database is away for the first saves."""

    def __init__(self, story: Story, times: int) -> None:
        self._runs, self._times = story.store.runs, times

    def __getattr__(self, name: str) -> object:
        return getattr(self._runs, name)

    async def save(self, run_id: str, outputs: Sequence[Output], scores: Sequence[Score]) -> None:
        if self._times:
            self._times -= 1
            raise OSError("database is locked")
        await self._runs.save(run_id, outputs, scores)


async def test_an_answer_is_paid_once_even_when_the_database_is_away(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        model = answer_with(story, lambda _request: "age_limit")
        story.store.runs = BrokenSave(story, 3)  # type: ignore[assignment]
        await story.answer("plan:1", "approve")
        assert await story.waits_for() == "review:1"
        found = [run for run in await story.store.runs.listed(story.id) if run.key.model.startswith("scripted:")]
        assert model.calls == sum(run.total for run in found)


async def test_a_target_without_any_prompt_is_a_problem_with_its_reason(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        (target,) = (await story.store.migrations.get(story.id)).targets
        refused = Candidate(target=target, prompt=parse_prompt("lost {it}"), refusal="It lost {question}.")
        await story.store.prompts.add_candidates(story.id, 1, [refused])
        await story.answer("plan:1", "approve")
        migration = await story.store.migrations.get(story.id)
        assert migration.status is MigrationStatus.STUCK
        assert target in (migration.problem or "")
        assert "It lost {question}." in (migration.problem or "")


async def test_a_sweep_leaves_alone_what_moves(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        await story.decide("plan:1", "approve")
        await story.conversation.advance(story.id)
        story.engine.waiting.clear()
        sweep = Sweep(story.tools)
        await sweep()
        assert {kind for kind, _, _ in story.engine.waiting} == {WorkKind.RUN}
        run = (await story.store.runs.listed(story.id))[0]
        sample = (await story.store.datasets.samples(run.dataset_id, run.key.split))[0]
        await story.store.runs.save(run.id, [Output(sample_id=sample.id, text="x")], [])
        story.engine.waiting.clear()
        await sweep()
        assert run.id not in {key for _, key, _ in story.engine.waiting}
        await sweep()
        assert run.id in {key for _, key, _ in story.engine.waiting}
        story.engine.submitted.clear()
        for _ in range(100):
            await sweep()
        assert story.engine.submitted.count((WorkKind.RUN, run.id)) == 7


async def test_work_that_comes_while_the_process_stops_is_neither_done_nor_lost(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        upload = await story.upload()
        story.tools.stopping.set()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(perform(story.tools, WorkKind.INGEST, (upload,)), 0.1)
        assert (await story.store.datasets.upload(upload)).state == "waiting"


@given(total=st.integers(0, 3_000_000), ref=st.sampled_from(["local:x", "recorded:x", "bedrock:x", "other:x"]))
def test_chunks_cover_a_run_without_overlap(total: int, ref: str) -> None:
    key = RunKey(model=ref, prompt_hash="h", split=Split.TEST)
    run = Run(
        id="r", migration_id="m", dataset_id="d", stage="s", key=key, label="l", status=RunStatus.QUEUED, total=total
    )  # fmt: skip
    spans = list(runs.spans(run))
    assert len(spans) <= runs.MOST_CHUNKS
    assert [low for low, _ in spans] == [0, *(high for _, high in spans[:-1])] if spans else total == 0
    assert not spans or spans[-1][1] == total


async def test_an_unknown_error_is_a_reference_and_its_trace_holds_no_values() -> None:
    secret = f"account {6 * 7}"

    async def fail() -> None:
        try:
            raise KeyError(secret)
        except KeyError as error:
            raise ValueError(f"no {secret}") from error

    outcome = await attempt(fail())
    assert isinstance(outcome, Trouble)
    assert "reference" in outcome.sentence
    assert secret not in outcome.sentence
    try:
        await fail()
    except ValueError as error:
        written = trace(error)
    assert secret not in written
    assert written.index("KeyError") < written.index("ValueError")


async def test_a_sentence_for_people_is_not_tried_again() -> None:
    tries = 0

    async def refuse() -> None:
        nonlocal tries
        tries += 1
        raise InputError("Use another file.")

    with pytest.raises(InputError):
        await persist(refuse)
    assert tries == 1


async def test_a_model_of_one_place_is_asked_one_prompt_at_a_time(tmp_path: Path) -> None:
    """Its cache of the prompt's beginning would be lost with every other prompt in between."""
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload(60)
        await story.work()
        asked: list[str] = []

        def answer(request: Request) -> str:
            asked.append(request.turns[0].text.partition("Message:")[0] + request.system)
            return "age_limit"

        answer_with(story, answer, latency_s=0.001, concurrency=1)
        await story.decide("plan:1", "approve")
        await story.conversation.advance(story.id)
        await story.work(WorkKind.RUN, WorkKind.CHUNK)
        await story.work(WorkKind.CONVERT, WorkKind.RUN)
        chunks = [args for kind, _, args in story.engine.waiting if kind is WorkKind.CHUNK]
        assert len(chunks) > 1
        async with asyncio.TaskGroup() as group:
            for args in chunks:
                group.create_task(perform(story.tools, WorkKind.CHUNK, args))
        changes = sum(before != after for before, after in itertools.pairwise(asked))
        assert changes <= len(chunks) - 1
