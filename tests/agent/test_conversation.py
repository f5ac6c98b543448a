"""The whole workflow, driven by facts and `advance` only: the straight way, the loops, races, stale answers and restarts."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from agent.engine import WorkKind
from agent.state import thread_id
from db.records import MessageKind, MigrationStatus, PlanChange, RunStatus
from pipeline.errors import RefusedError, TemporaryError
from pipeline.prompts.template import parse_prompt
from tests.agent.story import OWNER, REQUESTER, SME, Story, dataset_csv, open_story, reopen_story, write_script


async def checkpoints(story: Story) -> int:
    saver = story.conversation._graph.checkpointer
    assert saver is not None
    assert not isinstance(saver, bool)
    return len([c async for c in saver.alist({"configurable": {"thread_id": thread_id(story.id)}})])


async def test_a_migration_goes_from_its_start_to_the_first_digest(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        assert await story.waits_for() == "dataset:1"
        await story.upload()
        await story.work()
        assert await story.waits_for() == "plan:1"
        await story.answer("plan:1", "approve")
        assert await story.waits_for() == "review:1"
        assert await story.judge(1) > 0
        await story.conversation.advance(story.id)
        await story.work()
        assert await story.waits_for() == "sign_off:1"
        await story.answer("sign_off:1", "approve", by=OWNER)

        assert await story.waits_for() is None
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.SIGNED
        assert all(run.status is RunStatus.DONE for run in await story.store.runs.listed(story.id))
        (monitor,) = await story.store.monitors.active()
        (digest,) = await story.store.monitors.digests(monitor.id)
        assert (digest.tick, digest.state) == ("first", "done")
        kinds = {message.kind for message in await story.store.messages.of(story.id)}
        assert kinds == set(MessageKind) - {MessageKind.REPLY, MessageKind.PROBLEM}
        assert await checkpoints(story) == 0


async def test_the_report_counts_preferences_for_the_winner_whatever_the_order(tmp_path: Path) -> None:
    from pipeline.report.storage import loads

    async with open_story(tmp_path) as story:
        await story.to_review()
        judged = await story.judge(1, leave=1)
        pairs = await story.store.reviews.preferences(story.id, 1)
        await story.answer("review:1", "close")
        stored = await story.store.reports.latest(story.id)
        assert stored
        (preferences,) = loads(stored.json).preferences
        targets = {run.id for run in await story.store.runs.listed(story.id, "targets:1")}
        winner_first = sum(assignment.run_a in targets for assignment, _ in pairs)
        assert (preferences.better, preferences.same, preferences.worse) == (winner_first, 0, judged - winner_first)
        for name in stored.files:
            assert (story.places.files / name).stat().st_size > 0


async def test_a_change_makes_the_next_plan_and_its_question(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        second = f"scripted:{write_script(tmp_path, 'second')}"
        await story.answer("plan:1", "change", change=PlanChange(margin=0.1))
        await story.answer("plan:2", "change", change=PlanChange(add_target=second, review_pairs=2))
        assert await story.waits_for() == "plan:3"
        first, last = [await story.store.plans.get(story.id, number) for number in (1, 3)]
        assert {choice.margin for choice in last.criteria.primary} == {0.1}
        assert {c.margin for c in last.criteria.metrics if not c.primary} == {
            c.margin for c in first.criteria.metrics if not c.primary
        }
        assert (last.targets, last.review_pairs) == ((*first.targets, second), 2)
        assert first.hash != last.hash
        await story.answer("plan:3", "approve")
        assert await story.waits_for() == "review:3"
        assert {run.key.model for run in await story.store.runs.listed(story.id, "targets:3")} == set(last.targets)
        assert await story.judge(3) == 2


async def test_requested_changes_start_a_round_on_the_newest_dataset_without_paying_the_baseline_again(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_sign_off()
        baseline = await story.store.runs.listed(story.id, "baseline")
        await story.answer("sign_off:1", "request_changes", by=OWNER, change=PlanChange(margin=0.2))
        assert await story.waits_for() == "plan:2"
        await story.answer("plan:2", "approve")
        assert await story.waits_for() == "review:2"
        assert await story.store.runs.listed(story.id, "baseline") == baseline
        await story.answer("review:2", "close")
        await story.upload(30)
        await story.work()
        assert await story.waits_for() == "sign_off:2"
        await story.answer("sign_off:2", "request_changes", by=OWNER)
        await story.answer("plan:3", "approve")
        latest = await story.store.datasets.latest(story.id)
        assert latest
        assert latest.number == 2
        assert {run.dataset_id for run in await story.store.runs.listed(story.id, "targets:3")} == {latest.id}
        assert len(await story.store.runs.listed(story.id, "baseline")) == 4
        await story.answer("review:3", "close")
        await story.answer("sign_off:3", "approve", by=OWNER)
        signed = await story.store.reports.sign_off(story.id)
        report = await story.store.reports.latest(story.id)
        assert signed
        assert report
        assert (signed.report_hash, report.number) == (report.hash, 3)


@pytest.mark.parametrize(
    ("question", "answer", "by", "status"),
    [
        ("plan:1", "cancel", REQUESTER, MigrationStatus.CANCELLED),
        ("sign_off:1", "reject", OWNER, MigrationStatus.REJECTED),
    ],
)
async def test_a_no_ends_the_migration_in_the_name_of_who_said_it(
    tmp_path: Path, question: str, answer: str, by: str, status: MigrationStatus
) -> None:
    async with open_story(tmp_path) as story:
        if question == "sign_off:1":
            await story.to_sign_off()
        else:
            await story.conversation.advance(story.id)
            await story.upload()
            await story.work()
        await story.answer(question, answer, by=by)
        assert (await story.store.migrations.get(story.id)).status is status
        changes = [event.actor for event in await story.store.audit.events(story.id) if event.action == "changed"]
        assert changes[-1] == by
        assert await checkpoints(story) == 0
        assert await story.conversation.advance(story.id) is None
        assert await story.store.monitors.active() == ()


async def test_without_smes_there_is_no_review(tmp_path: Path) -> None:
    async with open_story(tmp_path, smes=()) as story:
        await story.to_review()
        assert await story.waits_for() == "sign_off:1"
        assert await story.store.reviews.progress(story.id, 1) == {}


async def test_the_review_waits_for_every_sme_or_for_its_close(tmp_path: Path) -> None:
    async with open_story(tmp_path, smes=(SME, "U0SME2")) as story:
        await story.to_review()
        await story.judge(1)
        await story.conversation.advance(story.id)
        assert await story.waits_for() == "review:1"
        await story.judge(1, "U0SME2")
        await story.conversation.advance(story.id)
        await story.work()
        assert await story.waits_for() == "sign_off:1"


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

    steps = {"plan:1": ("approve", REQUESTER), "review:1": ("close", REQUESTER), "sign_off:1": ("approve", OWNER)}
    async with open_story(tmp_path) as first:
        await first.conversation.advance(first.id)
        await first.upload()
        for _ in range(40):
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
