"""A migration that repeats another: its first plan asks what the earlier one's people had settled on."""

from dataclasses import replace
from pathlib import Path

import pytest

from db.records import Plan, PlanChange
from pipeline.records import Rubric, RubricKind, UseCase
from tests.agent.story import Story, new_migration, open_story

TONE = Rubric(name="Tone", kind=RubricKind.YES_NO, text="Is it polite?", questions=("Is the answer polite?",))
CHANGE = PlanChange(judge="scripted:judge", rubrics=(TONE,), margin=0.02, review_pairs=3, monthly_calls=120_000)


async def again(story: Story, *, columns: str | None = None, **more: object) -> Plan:
    """The first plan of a migration that repeats the story's, whose plan was changed once."""
    await story.conversation.advance(story.id)
    await story.upload()
    await story.work()
    await story.answer("plan:1", "change", change=CHANGE)
    opened = new_migration(("scripted:other",), origin="delivery-2", again_of=story.id, **more)
    story.migration = await story.store.migrations.open(opened)
    await story.conversation.advance(story.id)
    await story.upload(text=columns)
    await story.work()
    return await story.store.plans.get(story.id, 1)


async def test_it_starts_with_the_metrics_margins_judge_and_criteria_of_the_earlier_one(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        earlier = story.id
        plan = await again(story)
        before = await story.store.plans.get(earlier, 2)
        assert plan.criteria == before.criteria
        assert (plan.criteria.rubrics, plan.review_pairs, plan.monthly_calls) == ((TONE,), 3, 120_000)
        assert "of plan 2 of the migration it repeats" in plan.notes[0]


@pytest.mark.parametrize("other", [{"team": "T2"}, {"use_case": UseCase.EXTRACTION}])
async def test_another_team_and_another_use_case_get_the_guide_s_proposal(tmp_path: Path, other: dict[str, object]) -> None:
    async with open_story(tmp_path) as story:
        plan = await again(story, **other)  # type: ignore[arg-type]
        assert plan.criteria.judge is None
        assert not plan.criteria.rubrics


async def test_criteria_that_need_references_are_not_asked_of_a_dataset_without_any(tmp_path: Path) -> None:
    lines = "".join(f"s{n},what is {n}?,it is {n}\n" for n in range(24))
    async with open_story(tmp_path) as story:
        plan = await again(story, columns=f"sample_id,question,answer_source_llm\n{lines}")
        assert plan.criteria.judge is None
        assert replace(plan, notes=()).monthly_calls is None
