"""`advance` when it is called at once, late, elsewhere, while it rests, or when something fails."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from agent.engine import WorkKind
from db.records import MessageKind, MigrationStatus, PlanChange
from pipeline.errors import RefusedError, TemporaryError
from pipeline.prompts.template import parse_prompt
from tests.agent.story import OWNER, REQUESTER, dataset_csv, open_story, reopen_story


async def test_ten_advances_at_once_do_each_step_once(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story, reopen_story(tmp_path, story.store, story.migration, story.script) as other:
        movers = [story.conversation, other.conversation]
        for _ in range(2):
            async with asyncio.TaskGroup() as group:
                for number in range(10):
                    group.create_task(movers[number % 2].advance(story.id))
        await story.upload()
        await story.work()
        await story.decide("plan:1", "approve")
        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(movers[number % 2].advance(story.id))
        submitted = Counter([*story.engine.submitted, *other.engine.submitted])
        assert [count for (kind, _), count in submitted.items() if kind is WorkKind.RUN] == [1, 1]
        assert len(await story.store.runs.listed(story.id)) == 2


async def test_clicks_at_once_make_one_decision(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()

        async def click(answer: str) -> bool:
            stands = await story.decide("plan:1", answer)
            await story.conversation.advance(story.id)
            return stands

        async with asyncio.TaskGroup() as group:
            clicks = [group.create_task(click("cancel" if number % 2 else "approve")) for number in range(20)]
        assert sum(click.result() for click in clicks) == 1
        decision = await story.store.questions.decision(story.id, "plan:1")
        migration = await story.store.migrations.get(story.id)
        assert decision
        assert (decision.answer == "cancel") == (migration.status is MigrationStatus.CANCELLED)


async def test_a_stale_answer_moves_nothing(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_sign_off()
        assert not await story.decide("plan:1", "cancel")
        await story.conversation.advance(story.id)
        assert await story.waits_for() == "sign_off:1"
        with pytest.raises(RefusedError):
            await story.decide("sign_off:7", "approve", by=OWNER)
        with pytest.raises(RefusedError):
            await story.conversation.advance("no-such-migration")


async def test_any_process_can_go_on_where_another_one_ended(tmp_path: Path) -> None:
    """A new conversation and engine after every step; what the lost engine had is found by the sweep of the new one."""
    from agent.worker.sweep import Sweep

    steps = {
        "plan:1": ("approve", REQUESTER),
        "prompts:1": ("use", REQUESTER),
        "review:1": ("close", REQUESTER),
        "sign_off:1": ("approve", OWNER),
    }
    async with open_story(tmp_path) as first:
        await first.conversation.advance(first.id)
        await first.upload()
        for _ in range(60):
            async with reopen_story(tmp_path, first.store, first.migration, first.script) as story:
                waiting = await story.waits_for()
                if waiting in steps and not await story.store.questions.decision(story.id, waiting):
                    await story.decide(waiting, steps[waiting][0], by=steps[waiting][1])
                await Sweep(story.tools)()
                if story.engine.waiting:
                    kind, _, args = story.engine.waiting[0]
                    story.engine.waiting.clear()
                    from agent.worker.work import perform

                    await perform(story.tools, kind, args)
                    for kind, _, args in list(story.engine.waiting):
                        if kind is WorkKind.CHUNK:
                            await perform(story.tools, kind, args)
            if (await first.store.migrations.get(first.id)).status is MigrationStatus.SIGNED:
                break
        assert (await first.store.migrations.get(first.id)).status is MigrationStatus.SIGNED


async def test_paused_stands_still_and_resume_goes_on(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        await story.decide("plan:1", "approve")
        await story.conversation.advance(story.id)
        await story.store.migrations.set_status(story.id, MigrationStatus.PAUSED, by=REQUESTER)
        await story.work()
        question = await story.conversation.advance(story.id)
        assert question
        assert question.key == "runs:baseline:1"
        assert sum(run.stored for run in await story.store.runs.listed(story.id)) == 0
        await story.conversation.resume(story.id, by=REQUESTER)
        await story.work()
        assert await story.waits_for() == "review:1"


async def test_a_node_that_fails_makes_the_migration_stuck_until_its_cause_is_gone(tmp_path: Path) -> None:
    """The dataset goes, as if the data folder was moved away; then it is back."""
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        await story.answer("plan:1", "change", change=PlanChange(add_target="bedrock:x"))
        original = story.conversation.store.plans

        class BrokenPlans:
            async def get(self, _migration_id: str, _number: int) -> None:
                raise OSError("disk of the database is gone")

        story.store.plans = BrokenPlans()  # type: ignore[assignment]
        await story.decide("plan:2", "approve")
        assert await story.conversation.advance(story.id) is None
        migration = await story.store.migrations.get(story.id)
        assert migration.status is MigrationStatus.STUCK
        assert "reference" in (migration.problem or "")
        assert "disk" not in (migration.problem or "")
        (problem,) = [m for m in await story.store.messages.of(story.id) if m.kind is MessageKind.PROBLEM]
        assert problem.body == migration.problem

        story.store.plans = original
        question = await story.conversation.advance(story.id)
        migration = await story.store.migrations.get(story.id)
        assert question
        assert (question.key, migration.status, migration.problem) == ("runs:baseline:2", MigrationStatus.OPEN, None)


async def test_another_process_at_work_is_waited_for_then_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_story(tmp_path) as story:
        from agent.conversation import utc_now

        monkeypatch.setattr("agent.conversation.PATIENCE_S", 0.2)
        name = f"advance:{story.id}"
        assert await story.store.leases.take(name, "somebody else", 60, utc_now())
        with pytest.raises(TemporaryError, match="Another process"):
            await story.conversation.advance(story.id)
        await story.store.leases.release(name, "somebody else")
        question = await story.conversation.advance(story.id)
        assert question
        assert question.key == "dataset:1"


async def test_a_long_move_keeps_its_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_story(tmp_path) as story:
        from agent.conversation import utc_now

        monkeypatch.setattr("agent.conversation.LEASE_S", 0.3)
        monkeypatch.setattr("agent.conversation.EXTEND_S", 0.05)
        name = f"advance:{story.id}"
        async with story.conversation._alone(story.id):
            await asyncio.sleep(0.5)
            assert not await story.store.leases.take(name, "somebody else", 60, utc_now())
        assert await story.store.leases.take(name, "somebody else", 60, utc_now())


async def test_a_prompt_that_does_not_fit_the_dataset_is_told_before_the_plan_and_another_file_repairs_it(tmp_path: Path) -> None:
    async with open_story(tmp_path, prompt=parse_prompt("Document: {document}\nSummary:")) as story:
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        migration = await story.store.migrations.get(story.id)
        assert migration.status is MigrationStatus.STUCK
        assert "document" in (migration.problem or "")
        assert await story.store.plans.latest(story.id) is None
        await story.upload(text=dataset_csv(24).replace("question", "document", 1))
        await story.work()
        assert await story.waits_for() == "plan:1"
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.OPEN


async def test_a_migration_without_targets_waits_until_they_are_named(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        (target,) = story.migration.targets
        await story.store.migrations.edit(story.id, by=REQUESTER, targets=())
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        assert await story.waits_for() == "dataset:1"
        await story.store.migrations.edit(story.id, by=REQUESTER, targets=(target,))
        await story.conversation.advance(story.id)
        assert await story.waits_for() == "plan:1"


async def test_what_is_over_is_not_resumed(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.store.migrations.set_status(story.id, MigrationStatus.CANCELLED, by=REQUESTER)
        with pytest.raises(RefusedError, match="over"):
            await story.conversation.resume(story.id, by=REQUESTER)
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.CANCELLED


async def test_a_kill_between_the_end_of_a_node_and_its_checkpoint_costs_no_step(tmp_path: Path) -> None:
    """What a node wrote is kept before the checkpoint that follows from it: such a thread has no next node, and has not ended."""
    async with open_story(tmp_path) as story:
        await story.to_review()
        graph = Path(story.places.graph_url)
        whole, cuts = tmp_path / "whole.db", _checkpoints(graph)
        _copy(graph, whole)
        assert len(cuts) > 10
        for cut in cuts:
            _copy(whole, graph)
            with closing(sqlite3.connect(graph)) as database, database:
                for table in ("checkpoints", "writes"):
                    database.execute(f"DELETE FROM {table} WHERE checkpoint_id > ?", (cut,))  # noqa: S608
            async with reopen_story(tmp_path, story.store, story.migration, story.script) as other:
                question = await other.conversation.advance(story.id)
                assert question
                assert question.key == "review:1", cut
            plan = await story.store.plans.latest(story.id)
            assert plan
            assert plan.number == 1, cut


def _checkpoints(graph: Path) -> list[str]:
    with closing(sqlite3.connect(graph)) as database:
        return [row[0] for row in database.execute("SELECT checkpoint_id FROM checkpoints ORDER BY checkpoint_id")]


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
