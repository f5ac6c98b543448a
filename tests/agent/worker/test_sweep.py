"""What goes on beside a question is submitted again when it got lost: errors of a measured round, a trial under way."""

from pathlib import Path

from agent.engine import WorkKind
from agent.worker import turn
from agent.worker.errors import errors_failed
from agent.worker.sweep import Sweep
from db.keys import errors_card, problem_of
from db.records import MigrationStatus, PlanChange, Trial
from pipeline.metrics.code.checks import make_check
from tests.agent.story import OWNER, REQUESTER, Story, open_story
from tests.agent.worker.test_trial import planned

SHORT = make_check("max_words", "1", "One word only.")


async def lost(story: Story, kind: WorkKind) -> None:
    """Whatever of this kind was submitted is gone."""
    story.engine.waiting = type(story.engine.waiting)(each for each in story.engine.waiting if each[0] is not kind)


async def to_review_without_errors(story: Story) -> None:
    await story.conversation.advance(story.id)
    await story.upload()
    await story.work()
    await story.decide("plan:1", "approve")
    await story.conversation.advance(story.id)
    await story.work(*(kind for kind in WorkKind if kind is not WorkKind.ERRORS))
    await lost(story, WorkKind.ERRORS)
    assert await story.waits_for() == "review:1"


async def test_errors_that_could_not_be_grouped_are_grouped_later_and_the_thread_says_so(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await to_review_without_errors(story)
        await errors_failed(story.tools, "The disk is full.", story.id, "1")
        sweep = Sweep(story.tools)
        await sweep()
        await story.work()
        card = errors_card(story.id, 1)
        assert await story.store.messages.get(card)
        problem = await story.store.messages.get(problem_of(card))
        assert problem
        assert problem.body == "What goes wrong is grouped by now."
        story.engine.submitted.clear()
        await sweep()
        assert (WorkKind.ERRORS, f"{story.id}:1") not in story.engine.submitted


async def test_errors_that_always_fail_are_tried_ever_more_seldom(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await to_review_without_errors(story)
        sweep = Sweep(story.tools)
        story.engine.submitted.clear()
        for _ in range(33):
            await sweep()
        assert story.engine.submitted.count((WorkKind.ERRORS, f"{story.id}:1")) == 7


async def test_a_lost_trial_is_taken_up_and_a_failed_one_waits_for_its_button(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await planned(story, checks=(SHORT,))
        await Sweep(story.tools)()
        assert all(kind is not WorkKind.TRIAL for kind, _ in story.engine.submitted)
        begun = Trial(id=f"{story.id}:2:{SHORT.metric}", migration_id=story.id, number=2, metric=SHORT.metric)
        await story.store.trials.add(begun)
        await Sweep(story.tools)()
        await story.work()
        (trial,) = await story.store.trials.of(story.id, 2)
        assert trial.scores


async def test_a_trial_that_failed_is_not_tried_without_a_click(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload(text="sample_id,question\n" + "".join(f"s{n},what is {n}?\n" for n in range(24)))
        await story.work()
        await story.answer("plan:1", "change", change=PlanChange(checks=(SHORT,)))
        await story.engine.submit(WorkKind.TRIAL, f"{story.id}:2", story.id, "2")
        await story.work()
        story.engine.submitted.clear()
        await Sweep(story.tools)()
        assert all(kind is not WorkKind.TRIAL for kind, _ in story.engine.submitted)


async def test_errors_of_a_round_are_those_of_its_own_dataset(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_sign_off()
        before = await story.store.messages.get(errors_card(story.id, 1))
        await story.upload(32)
        await story.work()
        await story.answer("sign_off:1", "request_changes", by=OWNER)
        await story.answer("plan:2", "approve")
        assert await story.waits_for() == "review:2"
        await story.engine.submit(WorkKind.ERRORS, f"{story.id}:1", story.id, "1")
        await story.work()
        after = await story.store.messages.get(errors_card(story.id, 1))
        assert before
        assert after
        assert after.body == before.body
        problem = await story.store.messages.get(problem_of(errors_card(story.id, 1)))
        assert problem is None
        await story.store.migrations.set_status(story.id, MigrationStatus.CANCELLED, by=REQUESTER)


async def test_a_lost_search_a_lost_turn_and_lost_proposals_are_taken_up(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        story.accepts = False
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        await story.decide("plan:1", "approve")
        await story.conversation.advance(story.id)
        sweep = Sweep(story.tools)
        for kind, then in ((WorkKind.IMPROVE, "improved:1"), (WorkKind.PROPOSE, "prompts:1")):
            await story.work(*(each for each in WorkKind if each is not kind))
            await lost(story, kind)
            assert await story.waits_for() == then
            await sweep()
        await story.work()
        assert await story.store.rounds.of(story.id, 1, 1)
        await story.decide("prompts:1", "round")
        await story.conversation.advance(story.id)
        await lost(story, WorkKind.ROUND)
        assert await story.waits_for() == "runs:candidates:1:3"
        await sweep()
        await story.work()
        assert await story.waits_for() == "prompts:1:1"


async def test_a_turn_that_cannot_be_made_says_why_and_holds_up_nobody(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_prompts()
        await story.decide("prompts:1", "round")
        await story.conversation.advance(story.id)
        await lost(story, WorkKind.ROUND)
        await turn.failed(story.tools, "The disk is full.", story.id, "1", "1")
        await story.work()
        assert await story.waits_for() == "prompts:1:1"
        assert [each.refusal for each in await story.store.rounds.of(story.id, 1, 1) if each.asked] == ["The disk is full."]
