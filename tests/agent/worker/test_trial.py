"""People's own criteria tried on three samples: by a scripted judge and by code, once each, and never on test."""

import json
from pathlib import Path

import pytest

from agent.engine import WorkKind
from bot.cards.trial import TrialFacts
from bot.facts import trial as told_of
from db.records import Message, MessageKind, MigrationStatus, PlanChange
from pipeline.metrics.code.checks import make_check
from pipeline.records import Rubric, RubricKind, Split
from tests.agent.story import REQUESTER, Story, open_story

TONE = Rubric(name="Tone", kind=RubricKind.SCALE, text="How polite, from 1 to 10?")
SHORT = make_check("max_words", "1", "One word only.")
RULED = json.dumps({"reasoning": "it is polite", "score": 10})


def judge(home: Path, default: str = RULED) -> str:
    path = home / "judge.json"
    path.write_text(json.dumps({"default": default, "log": str(home / "judge.log")}), encoding="utf-8")
    return f"scripted:{path}"


def calls(home: Path) -> int:
    log = home / "judge.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


async def planned(story: Story, **asked: object) -> None:
    """Plan 2, with these changes to the guide's proposal."""
    await story.conversation.advance(story.id)
    await story.upload()
    await story.work()
    await story.answer("plan:1", "change", change=PlanChange(**asked))  # type: ignore[arg-type]


async def tried(story: Story) -> TrialFacts:
    await story.engine.submit(WorkKind.TRIAL, f"{story.id}:2", story.id, "2")
    await story.work()
    return await told_of(story.store, await card(story))


async def card(story: Story) -> Message:
    (message,) = [m for m in await story.store.messages.of(story.id) if m.kind is MessageKind.TRIAL]
    return message


async def test_a_rubric_and_a_check_are_shown_on_three_samples_of_dev(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await planned(story, judge=judge(tmp_path), rubrics=(TONE,), checks=(SHORT,))
        facts = await tried(story)
        assert not facts.waiting
        assert len(facts.samples) == 3
        dataset = await story.store.datasets.latest(story.id)
        assert dataset
        dev = await story.store.datasets.samples(dataset.id, Split.DEV)
        recorded = {sample.recorded.text for sample in dev if sample.recorded}
        for sample in facts.samples:
            assert sample.answer in recorded
            scores = {score.metric: score for score in sample.scores}
            assert scores["rubric:tone"].value == 1.0
            assert "10 of 10: it is polite" in scores["rubric:tone"].said
            assert scores[SHORT.metric].value in {0.0, 1.0}
        assert calls(tmp_path) <= 3
        before = calls(tmp_path)
        assert await tried(story) == facts
        assert calls(tmp_path) == before


async def test_without_a_judge_only_what_code_can_test_is_tried(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await planned(story, rubrics=(TONE,), checks=(SHORT,))
        facts = await tried(story)
        assert {score.metric for sample in facts.samples for score in sample.scores} == {SHORT.metric}


async def test_a_judge_that_says_nothing_usable_is_told_and_asked_again_on_the_next_try(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await planned(story, judge=judge(tmp_path, "I would rather not."), rubrics=(TONE,))
        facts = await tried(story)
        assert all(score.value is None and "judge bad_json" in score.said for sample in facts.samples for score in sample.scores)
        judge(tmp_path)
        story.tools.shelf.models.clear()
        assert all(score.value == 1.0 for sample in (await tried(story)).samples for score in sample.scores)


async def test_references_stand_in_where_the_source_is_not_recorded(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        lines = ["question,answer_ground_truth", *(f"How about matter {n * 37}?,answer {n}" for n in range(24))]
        await story.conversation.advance(story.id)
        await story.upload(text="\n".join(lines))
        await story.work()
        await story.answer("plan:1", "change", change=PlanChange(checks=(SHORT,)))
        facts = await tried(story)
        assert all(sample.answer.startswith("answer ") for sample in facts.samples)
        assert all(score.value == 0.0 for sample in facts.samples for score in sample.scores)


@pytest.mark.parametrize("status", [MigrationStatus.PAUSED, MigrationStatus.CANCELLED])
async def test_a_migration_that_rests_spends_nothing(tmp_path: Path, status: MigrationStatus) -> None:
    async with open_story(tmp_path) as story:
        await planned(story, judge=judge(tmp_path), rubrics=(TONE,))
        await story.store.migrations.set_status(story.id, status, by=REQUESTER)
        await story.engine.submit(WorkKind.TRIAL, f"{story.id}:2", story.id, "2")
        await story.work(WorkKind.TRIAL)
        assert calls(tmp_path) == 0
        assert await story.store.trials.of(story.id, 2) == ()


async def test_a_trial_that_fails_is_told_and_stops_nobody(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await planned(story, judge=f"scripted:{tmp_path / 'gone.json'}", rubrics=(TONE,))
        await story.engine.submit(WorkKind.TRIAL, f"{story.id}:2", story.id, "2")
        await story.work()
        problems = [m.body for m in await story.store.messages.of(story.id) if m.kind is MessageKind.PROBLEM]
        assert len(problems) == 1
        assert problems[0].startswith("The criteria could not be tried. The script")
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.OPEN
        assert await story.waits_for() == "plan:2"
