"""A plan's judge in the worker: every output is judged once, whatever is killed, stopped or asked again."""

import asyncio
import json
from pathlib import Path
from time import monotonic

from agent.engine import WorkKind
from agent.worker import runs
from bot import facts
from db.records import MigrationStatus, PlanChange
from pipeline.models.failures import failure
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.records import Check, Output, Request, Rubric, RubricKind, Sample, Score, Split
from tests.agent.story import OWNER, REQUESTER, Story, open_story

TONE = Rubric(name="Tone", kind=RubricKind.YES_NO, text="Is it polite?", questions=("Is the answer polite?",))
SHORT = Check(name="Short", rule="max_words", value="5", text="At most five words.")
JUDGE, OTHER = "scripted:judge", "scripted:another"


def polite(request: Request) -> str:
    """Fits the schema of whatever rubric is asked about: every question is answered with yes."""
    schema = json.loads(request.parameters.json_schema or "{}")
    return json.dumps(example(schema))


def strict(request: Request) -> str:
    """Every question is answered with no."""
    return polite(request).replace('"yes"', '"no"').replace("true", "false")


def example(schema: dict[str, object]) -> object:
    """The least value that fits a schema, with yes wherever yes is allowed."""
    kind = schema.get("type")
    if "enum" in schema:
        options = schema["enum"]
        assert isinstance(options, list)
        return "yes" if "yes" in options else options[0]
    if kind == "object":
        properties = schema["properties"]
        assert isinstance(properties, dict)
        return {name: example(each) for name, each in properties.items()}
    if kind == "array":
        items = schema["items"]
        assert isinstance(items, dict)
        return [example(items)] * int(str(schema.get("minItems", 1)))
    return {"integer": 1, "number": 1.0, "boolean": True}.get(str(kind), "because")


def judge_with(story: Story, *judges: ScriptedModel) -> None:
    open_ref, known = story.tools.shelf.open_ref, {judge.ref: judge for judge in judges}

    def opened(ref: str, samples: tuple[Sample, ...]) -> object:
        return known.get(ref) or open_ref(ref, samples)

    story.tools.shelf.open_ref = opened  # type: ignore[assignment]


async def to_a_plan_with_a_judge(story: Story) -> None:
    await story.conversation.advance(story.id)
    await story.upload()
    await story.work()
    await story.answer("plan:1", "change", change=PlanChange(judge=JUDGE, rubrics=(TONE,)))


async def called(judge: ScriptedModel, times: int) -> None:
    async with asyncio.timeout(20):
        while judge.calls < times:  # noqa: ASYNC110  the model counts, it does not call back
            await asyncio.sleep(0.005)


async def judged(story: Story, metric: str = TONE.metric) -> dict[str, tuple[Score, ...]]:
    """Scores of one metric by run label, runs without any left out."""
    found = {run.label: await story.store.runs.scores(run.id) for run in await story.store.runs.listed(story.id)}
    return {label: mine for label, scores in found.items() if (mine := tuple(s for s in scores if s.metric == metric))}


async def test_outputs_are_judged_on_test_before_a_run_is_over(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        judge = ScriptedModel(polite, ref=JUDGE)
        judge_with(story, judge)
        await to_a_plan_with_a_judge(story)
        await story.answer("plan:2", "approve")
        assert await story.waits_for() == "review:2"
        scores = await judged(story)
        on_test = {r.label: r.stored for r in await story.store.runs.listed(story.id) if r.key.split is Split.TEST}
        assert {label: len(found) for label, found in scores.items()} == on_test
        assert all(score.value == 1.0 for found in scores.values() for score in found)
        assert sum(s.spent.calls for found in scores.values() for s in found if s.spent) == judge.calls > 0


async def test_a_judge_that_may_not_be_asked_stops_the_run_until_it_is_repaired(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        judge_with(story, ScriptedModel(lambda r: Output(sample_id=r.sample_id, text=None, failure=failure("access")), ref=JUDGE))
        await to_a_plan_with_a_judge(story)
        await story.answer("plan:2", "approve")
        migration = await story.store.migrations.get(story.id)
        assert migration.status is MigrationStatus.STUCK
        assert "judge" in (migration.problem or "")
        assert await judged(story) == {}
        story.tools.shelf.benches.clear()
        judge_with(story, ScriptedModel(polite, ref=JUDGE))
        await story.conversation.resume(story.id, by=REQUESTER)
        await story.work()
        assert await story.waits_for() == "review:2"
        assert set(await judged(story)) == {r.label for r in await story.store.runs.listed(story.id) if r.key.split is Split.TEST}


async def test_judging_that_is_cut_off_is_taken_up_without_paying_twice(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        judge = ScriptedModel(polite, ref=JUDGE, latency_s=0.02, concurrency=2)
        judge_with(story, judge)
        await to_a_plan_with_a_judge(story)
        await story.decide("plan:2", "approve")
        await story.conversation.advance(story.id)
        await story.work(WorkKind.RUN, WorkKind.CHUNK)
        span = next(args for kind, _, args in story.engine.waiting if kind is WorkKind.JUDGE)
        cut = asyncio.create_task(runs.judged(story.tools, *span))
        await called(judge, 3)
        cut.cancel()
        await asyncio.wait([cut])
        await story.work()
        assert await story.waits_for() == "review:2"
        scores = await judged(story)
        cells = {(label, s.sample_id) for label, found in scores.items() for s in found}
        assert len(cells) == sum(map(len, scores.values()))
        assert judge.calls <= sum(s.spent.calls for found in scores.values() for s in found if s.spent) + judge.concurrency + 3


async def test_pausing_stops_the_judge(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        judge = ScriptedModel(polite, ref=JUDGE, latency_s=0.3, concurrency=1)
        judge_with(story, judge)
        await to_a_plan_with_a_judge(story)
        await story.decide("plan:2", "approve")
        await story.conversation.advance(story.id)
        await story.work(WorkKind.RUN, WorkKind.CHUNK)
        working = asyncio.create_task(story.work(WorkKind.JUDGE))
        await called(judge, 1)
        await story.store.migrations.set_status(story.id, MigrationStatus.PAUSED, by=REQUESTER)
        started = monotonic()
        await working
        assert monotonic() - started < 5
        calls = judge.calls
        await story.work()
        assert judge.calls == calls
        await story.conversation.resume(story.id, by=REQUESTER)
        await story.work()
        assert await story.waits_for() == "review:2"


async def test_a_criterion_added_later_is_scored_on_the_outputs_the_source_has(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        judge_with(story, ScriptedModel(polite, ref=JUDGE))
        await story.to_sign_off()
        baseline = await story.store.runs.listed(story.id, "baseline")
        await story.answer(
            "sign_off:1", "request_changes", by=OWNER, change=PlanChange(judge=JUDGE, rubrics=(TONE,), checks=(SHORT,))
        )
        await story.answer("plan:2", "approve")
        assert await story.waits_for() == "review:2"
        assert [run.id for run in await story.store.runs.listed(story.id, "baseline")] == [run.id for run in baseline]
        assert len((await judged(story))["source · test"]) == baseline[1].total
        assert len((await judged(story, SHORT.metric))["source · test"]) == baseline[1].total
        await story.answer("review:2", "close")
        assert await story.waits_for() == "sign_off:2"


async def test_another_judge_judges_the_source_anew(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        first, second = ScriptedModel(polite, ref=JUDGE), ScriptedModel(strict, ref=OTHER)
        judge_with(story, first, second)
        await to_a_plan_with_a_judge(story)
        await story.answer("plan:2", "approve")
        await story.answer("review:2", "close")
        await story.answer("sign_off:2", "request_changes", by=OWNER, change=PlanChange(judge=OTHER))
        await story.answer("plan:3", "approve")
        assert await story.waits_for() == "review:3"
        scores = await judged(story)
        assert {score.value for score in scores["source · test"]} == {0.0}
        target = next(run for run in await story.store.runs.listed(story.id, "targets:3"))
        of_target = [score for score in await story.store.runs.scores(target.id) if score.metric == TONE.metric]
        assert {score.value for score in of_target} == {0.0}


async def test_a_criterion_with_another_text_is_asked_of_the_source_anew(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        judge_with(story, ScriptedModel(lambda r: strict(r) if "brief" in r.turns[0].text else polite(r), ref=JUDGE))
        await to_a_plan_with_a_judge(story)
        await story.answer("plan:2", "approve")
        await story.answer("review:2", "close")
        await story.answer("sign_off:2", "request_changes", by=OWNER, change=PlanChange(remove_metrics=(TONE.metric,)))
        other = Rubric(name="Tone", kind=RubricKind.YES_NO, text="Is it brief?", questions=("Is the answer brief?",))
        await story.answer("plan:3", "change", change=PlanChange(rubrics=(other,)))
        await story.answer("plan:4", "approve")
        assert await story.waits_for() == "review:4"
        assert {score.value for score in (await judged(story))["source · test"]} == {0.0}


async def test_a_judge_throttled_for_long_stops_the_run_with_what_it_scored_kept_until_it_is_tried_again(tmp_path: Path) -> None:
    free = 5

    def throttled_after_some(request: Request) -> Output | str:
        nonlocal free
        free -= 1
        return polite(request) if free >= 0 else Output(sample_id=request.sample_id, text=None, failure=failure("throttled"))

    async with open_story(tmp_path) as story:
        judge_with(story, ScriptedModel(throttled_after_some, ref=JUDGE, concurrency=1))
        await to_a_plan_with_a_judge(story)
        await story.answer("plan:2", "approve")
        migration = await story.store.migrations.get(story.id)
        assert migration.status is MigrationStatus.STUCK
        assert "throttled" in (migration.problem or "")
        kept = await judged(story)
        assert sum(map(len, kept.values())) == 5
        assert all(score.value == 1.0 for found in kept.values() for score in found)
        free = 10_000
        await story.conversation.resume(story.id, by=REQUESTER)
        await story.work()
        assert await story.waits_for() == "review:2"
        assert all(score.value == 1.0 for found in (await judged(story)).values() for score in found)


async def test_the_bar_of_the_judge_is_full_when_the_baseline_is_judged(tmp_path: Path) -> None:
    """Where the judge compares with the source too: the source's own run is compared with nothing."""
    async with open_story(tmp_path) as story:
        judge_with(story, ScriptedModel(polite, ref=JUDGE))
        await to_a_plan_with_a_judge(story)
        await story.answer("plan:2", "change", change=PlanChange(add_metrics=("judge_preference",)))
        await story.answer("plan:3", "approve")
        assert await story.waits_for() == "review:3"
        for stage in ("baseline", "targets:3"):
            scored, cells = await facts.judged(story.store, await story.store.runs.listed(story.id, stage))
            assert scored == cells > 0
        await story.answer("review:3", "close")
        await story.answer("sign_off:3", "request_changes", by=OWNER)
        await story.answer("plan:4", "change", change=PlanChange(judge=OTHER))
        scored, cells = await facts.judged(story.store, await story.store.runs.listed(story.id, "targets:3"))
        assert scored == cells > 0
