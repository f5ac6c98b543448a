"""The whole workflow, driven by facts and `advance` only: the straight way and the loops."""

from pathlib import Path

import pytest

from agent.state import thread_id
from db.records import MessageKind, MigrationStatus, PlanChange, RunStatus
from tests.agent.story import OWNER, REQUESTER, SME, Story, open_story, write_script


async def checkpoints(story: Story) -> int:
    saver = story.conversation._graph.checkpointer
    assert saver is not None
    assert not isinstance(saver, bool)
    return len([c async for c in saver.alist({"configurable": {"thread_id": thread_id(story.id)}})])


WITHOUT_NEED = {
    MessageKind.REPLY, MessageKind.PROBLEM, MessageKind.TRIAL, MessageKind.REFERENCES, MessageKind.ROUND, MessageKind.TRY,
}  # fmt: skip


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
        assert kinds == set(MessageKind) - WITHOUT_NEED
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


async def test_a_later_plan_knows_how_far_scores_spread_on_dev(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload(150)
        await story.work()
        await story.answer("plan:1", "approve")
        await story.answer("review:1", "close")
        await story.answer("sign_off:1", "request_changes", by=OWNER)
        first, second = [await story.store.plans.get(story.id, number) for number in (1, 2)]
        assert "by a planning figure for the spread" in " ".join(first.notes)
        assert "pairs at hand" in " ".join(second.notes)
