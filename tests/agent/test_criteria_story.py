"""A person gives a plan a judge and criteria of their own: each change is the next plan, and approval locks what it shows."""

from pathlib import Path

from db.records import PlanChange
from pipeline.metrics.guide.style import read_pasted
from tests.agent.story import Story, open_story
from tests.agent.worker.test_trial import judge, planned

GUIDE = 'Keep answers to at most 3 words.\nNever use the word "perhaps".\nSound like a bank\'s letter.'


async def names(story: Story, number: int) -> set[str]:
    return {choice.metric for choice in (await story.store.plans.get(story.id, number)).criteria.metrics}


async def test_a_style_guide_joins_waits_for_its_judge_decides_and_is_locked(tmp_path: Path) -> None:
    own = read_pasted(GUIDE)
    checks = {check.metric for check in own.checks}
    async with open_story(tmp_path) as story:
        await planned(story, rubrics=own.rubrics, checks=own.checks)
        second = await story.store.plans.get(story.id, 2)
        assert checks <= await names(story, 2)
        assert "rubric:style-guide" not in await names(story, 2)
        assert any("need a judge" in note for note in second.notes)

        await story.answer("plan:2", "change", change=PlanChange(judge=judge(tmp_path)))
        third = await story.store.plans.get(story.id, 3)
        assert {"rubric:style-guide", *checks} <= await names(story, 3)
        assert [e.stage for e in third.estimates if e.stage.startswith("judging")]

        await story.answer("plan:3", "change", change=PlanChange(primary=("normalised_match", "check:at-most-3-words")))
        await story.answer("plan:4", "change", change=PlanChange(remove_metrics=("rubric:style-guide",), judge=""))
        last = await story.store.plans.get(story.id, 5)
        assert {choice.metric for choice in last.criteria.primary} == {"normalised_match", "check:at-most-3-words"}
        assert (last.criteria.rubrics, last.criteria.judge) == ((), None)
        assert len({(await story.store.plans.get(story.id, n)).criteria.hash for n in range(1, 6)}) == 5

        await story.answer("plan:5", "approve")
        assert await story.waits_for() == "review:5"
        target = (await story.store.runs.listed(story.id, "targets:5"))[0]
        scores = (await story.store.runs.result(target.id)).scores
        scored = [score for score in scores if score.metric == "check:at-most-3-words"]
        assert len(scored) == target.total
        assert all(score.value is not None for score in scored)


async def test_the_same_change_twice_is_the_same_plan(tmp_path: Path) -> None:
    own = read_pasted(GUIDE)
    async with open_story(tmp_path) as story:
        await planned(story, rubrics=own.rubrics, checks=own.checks)
        await story.answer("plan:2", "change", change=PlanChange(rubrics=own.rubrics, checks=own.checks))
        second, third = [await story.store.plans.get(story.id, number) for number in (2, 3)]
        assert second.criteria.hash == third.criteria.hash
