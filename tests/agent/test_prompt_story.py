"""From candidates to the one look at test: rungs, the search's note, the prompts' gate, turns, edits and tries."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agent import prompts, turns
from agent.engine import WorkKind
from agent.worker.sweep import Sweep
from agent.worker.tools import Tools
from bot.prompt_facts import tried as tried_facts
from db.records import Attempt, JobState, MessageKind, MigrationStatus, PlanChange, RunStatus
from pipeline.errors import RefusedError
from pipeline.hashing import content_hash
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts.rounds.effects import effects
from pipeline.records import Candidate, Request, Rubric, RubricKind, Split
from tests.agent.lessons import LESSON, WRITER, World, dataset
from tests.agent.story import REQUESTER, SME, Story, dataset_csv, open_story, write_script
from tests.agent.worker.test_scoring import judge_with


async def target_of(story: Story) -> str:
    return (await story.store.plans.get(story.id, 1)).targets[0]


async def test_test_is_looked_at_only_once_the_prompts_are_accepted(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_prompts()
        assert await story.waits_for() == "prompts:1"
        assert await story.store.runs.listed(story.id, "targets:1") == ()
        (search,) = await story.store.improvements.of(story.id, 1)
        assert search.state is JobState.DONE
        assert search.note.startswith("GEPA was left out")
        (choice,) = await story.store.prompts.choices(story.id, 1)
        assert choice.by is None
        await story.answer("prompts:1", "use")
        assert await story.waits_for() == "review:1"
        assert await story.store.runs.listed(story.id, "targets:1")


async def test_a_migration_can_end_at_its_prompts(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_prompts()
        await story.answer("prompts:1", "cancel")
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.CANCELLED
        assert await story.store.runs.listed(story.id, "targets:1") == ()


async def to_plan(story: Story, world: World) -> None:
    """Samples enough for rungs and for a search, and the plan over them."""
    world.enter(story)
    await story.conversation.advance(story.id)
    await story.upload(text=dataset())
    await story.work()
    story.accepts = False


async def test_weaker_candidates_fall_out_on_a_part_of_dev(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await to_plan(story, World())
        original, target = await story.store.prompts.original(story.id), await target_of(story)
        texts = [original.user, *(f"{LESSON if n in {2, 3} else ' ' * n}{original.user}{' ' * n}" for n in range(1, 6))]
        given = [replace(original, user=text, method="as is" if n == 0 else f"m{n}") for n, text in enumerate(texts)]
        await story.store.prompts.add_candidates(story.id, 1, [Candidate(target=target, prompt=prompt) for prompt in given])
        await story.answer("plan:1", "approve")
        assert await story.waits_for() == "prompts:1"
        runs = {run.label: run for run in await story.store.runs.listed(story.id, "candidates:1")}
        dataset_version = await story.store.datasets.latest(story.id)
        assert dataset_version
        dev, fallen = dataset_version.dev, await story.store.prompts.fallen(story.id, 1)
        assert {runs[name].stored for name in ("as is", "m1", "m2", "m3")} == {dev}
        assert {(each.prompt_hash, each.samples) for each in fallen} == {(given[n].hash, 30) for n in (4, 5)}
        assert {(runs[f"m{n}"].total, runs[f"m{n}"].stored, runs[f"m{n}"].status) for n in (4, 5)} == {(30, 30, RunStatus.DONE)}
        (choice,) = await story.store.prompts.choices(story.id, 1)
        assert choice.prompt_hash == given[2].hash
        assert "2 fell out after 30 dev samples." in choice.reason


async def test_a_search_finds_the_lesson_within_its_budget(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        world = World()
        await to_plan(story, world)
        searching = replace(story.tools, writer=WRITER)
        await replace_tools(story, searching).answer("plan:1", "approve")
        (search,) = await story.store.improvements.of(story.id, 1)
        assert (search.state, search.note[:20]) == (JobState.DONE, "1 better prompts fou"), search
        assert 0 < search.calls <= search.most_calls
        found = [c for c in await story.store.prompts.candidates(story.id, 1) if c.prompt.method == "gepa"]
        assert [LESSON in c.prompt.user for c in found] == [True]
        (choice,) = await story.store.prompts.choices(story.id, 1)
        assert choice.prompt_hash == found[0].prompt.hash
        assert len(world.asked) == len(set(world.asked)), "an answer was paid for twice"


async def test_a_paused_search_spends_nothing_and_goes_on_where_it_was(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        world = World(latency_s=0.05, concurrency=2)
        await to_plan(story, world)
        told = replace_tools(story, replace(story.tools, writer=WRITER, stop_s=0.3))
        await told.decide("plan:1", "approve")
        await told.conversation.advance(story.id)
        await told.work(*(kind for kind in WorkKind if kind is not WorkKind.IMPROVE))
        searching = asyncio.create_task(told.work(WorkKind.IMPROVE))
        before = len(world.asked)
        while len(world.asked) < before + 4:  # noqa: ASYNC110  the model tells nobody
            await asyncio.sleep(0.02)
        await story.store.migrations.set_status(story.id, MigrationStatus.PAUSED, by=REQUESTER)
        stopped = time.monotonic()
        await searching
        assert time.monotonic() - stopped < 5
        at_rest = len(world.asked)
        (search,) = await story.store.improvements.of(story.id, 1)
        assert search.state is JobState.RUNNING
        await story.conversation.resume(story.id, by=REQUESTER)
        await story.engine.submit(WorkKind.IMPROVE, "again", story.id, "1", search.target)
        await told.work()
        (search,) = await story.store.improvements.of(story.id, 1)
        assert search.state is JobState.DONE
        assert len(world.asked) > at_rest
        assert len(world.asked) - len(set(world.asked)) <= 2, "more than what was in flight was paid for twice"


def replace_tools(story: Story, tools: Tools) -> Story:
    return replace(story, tools=tools)


async def test_a_turn_is_made_measured_and_kept(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_prompts()
        proposed = await story.store.rounds.of(story.id, 1, 1)
        assert proposed
        await story.answer("prompts:1", "round")
        assert await story.waits_for() == "prompts:1:1"
        (asked,) = [turn for turn in await story.store.rounds.of(story.id, 1, 1) if turn.asked]
        assert turns.is_made(asked)
        if asked.prompt_hash is None:
            pytest.skip(asked.refusal or "nothing to try")
        assert asked.effects
        assert asked.advice
        assert await story.store.messages.get(f"round:{asked.id}")
        before = await story.store.prompts.selected(story.id, 1)
        assert before[asked.target] == asked.parent
        plan = await story.store.plans.get(story.id, 1)
        assert await prompts.kept(story.store, story.engine, plan, asked, by=REQUESTER)
        assert not await prompts.reverted(story.store, story.engine, plan, asked, by=REQUESTER)
        assert (await story.store.prompts.selected(story.id, 1))[asked.target] == asked.prompt_hash
        await story.answer("prompts:1:1", "use")
        winners = [run for run in await story.store.runs.listed(story.id, "targets:1") if "winner" in run.label]
        assert [run.key.prompt_hash for run in winners] == [asked.prompt_hash]


async def test_samples_of_one_cluster_count_as_one_in_a_turn_s_effect(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        story.accepts = False
        await story.conversation.advance(story.id)
        head, *lines = dataset_csv(48).splitlines()
        await story.upload(text="\n".join([f"{head},cluster", *(f"{line},c{n // 4}" for n, line in enumerate(lines))]))
        await story.work()
        await story.answer("plan:1", "approve")
        await story.answer("prompts:1", "round")
        (asked,) = [turn for turn in await story.store.rounds.of(story.id, 1, 1) if turn.asked]
        assert asked.effects
        runs = {run.key.prompt_hash: run for run in await story.store.runs.listed(story.id, stage="candidates:1")}
        before, after = [await story.store.runs.result(runs[name or ""].id) for name in (asked.parent, asked.prompt_hash)]
        shots = {shot for run in (before, after) for shot in (await story.store.prompts.get(story.id, run.key.prompt_hash)).shots}
        dataset_version = await story.store.datasets.latest(story.id)
        assert dataset_version
        dev = await story.store.datasets.samples(dataset_version.id, Split.DEV)
        together = {sample.id: sample.cluster for sample in dev if sample.cluster}
        criteria = (await story.store.plans.get(story.id, 1)).criteria
        plain, clustered = [effects(before, after, [], criteria, left_out=shots, clusters=c)[-1] for c in ({}, together)]
        assert plain.interval != clustered.interval
        stored = asked.effects[-1]
        assert clustered.interval
        assert (stored.low, stored.high) == (clustered.interval.low, clustered.interval.high)


async def test_what_a_turn_brought_is_used_by_nobody_who_did_not_keep_it(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_prompts()
        await story.answer("prompts:1", "round")
        (asked,) = [turn for turn in await story.store.rounds.of(story.id, 1, 1) if turn.asked]
        plan = await story.store.plans.get(story.id, 1)
        assert await prompts.reverted(story.store, story.engine, plan, asked, by=REQUESTER)
        await story.answer("prompts:1:1", "round")
        assert await story.waits_for() == "prompts:1:2"
        assert (await story.store.prompts.selected(story.id, 1))[asked.target] == asked.parent


async def test_a_prompt_by_hand_is_guarded_run_and_can_be_chosen(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_prompts()
        plan, original = await story.store.plans.get(story.id, 1), await story.store.prompts.original(story.id)
        (target,) = plan.targets
        lost = replace(original, user="Say the intent.", parent=original.hash)
        refused = await prompts.edited(story.store, story.engine, plan, target, lost, by=REQUESTER)
        assert refused.refusal
        mine = replace(original, user=f"Be brief.\n{original.user}", parent=original.hash)
        passed = await prompts.edited(story.store, story.engine, plan, target, mine, by=REQUESTER)
        assert passed.refusal is None
        await story.work()
        runs = await story.store.runs.listed(story.id, "candidates:1")
        assert {run.status for run in runs} == {RunStatus.DONE}
        assert passed.prompt.hash in {run.key.prompt_hash for run in runs}
        assert await prompts.choose(story.store, story.engine, plan, target, passed.prompt.hash, by=REQUESTER)
        with pytest.raises(RefusedError):
            await prompts.choose(story.store, story.engine, plan, target, refused.prompt.hash, by=REQUESTER)
        await story.answer("prompts:1", "use")
        with pytest.raises(RefusedError):
            await prompts.choose(story.store, story.engine, plan, target, original.hash, by=REQUESTER)


async def test_a_try_answers_one_dev_sample_and_counts_nowhere(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_prompts()
        (target,) = (await story.store.plans.get(story.id, 1)).targets
        dataset = await story.store.datasets.latest(story.id)
        assert dataset
        dev = await story.store.datasets.samples(dataset.id, Split.DEV)
        before = await story.refs()
        original = await story.store.prompts.original(story.id)
        asked = await story.store.tries.ask(
            Attempt(
                id="try-1", migration_id=story.id, number=1, target=target, prompt_hash=original.hash, sample_id=dev[0].id,
                by=SME, at=story.tools.clock(),
            )
        )  # fmt: skip
        await story.engine.submit(WorkKind.TRY, asked.id, asked.id)
        await story.work()
        answered = await story.store.tries.get("try-1")
        assert answered.output
        assert answered.output.sample_id == dev[0].id
        assert answered.scores
        assert await story.refs() == before
        message = await story.store.messages.get("try:try-1")
        assert message
        assert message.kind is MessageKind.TRY
        assert (await tried_facts(story.store, message)).took.startswith("It took 1 call")


async def test_a_prompt_is_tried_on_a_sample_it_does_not_show_unless_somebody_names_one(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_prompts()
        target, plan = await target_of(story), await story.store.plans.get(story.id, 1)
        candidates = await story.store.prompts.candidates(story.id, 1)
        dataset = await story.store.datasets.latest(story.id)
        assert dataset
        dev = [sample.id for sample in await story.store.datasets.samples(dataset.id, Split.DEV)]
        taught = replace(candidates[0].prompt, user=f"{candidates[0].prompt.user}\nPlease.", shots=(dev[0],))
        await story.store.prompts.add_candidate(story.id, 1, Candidate(target=target, prompt=taught))
        told = []
        for named in ("", dev[0]):
            at = story.tools.clock()
            asked = await prompts.tried(
                story.store, story.engine, plan, target, taught.hash, sample_id=named, by=REQUESTER, at=at
            )
            message = await story.store.messages.get(f"try:{asked.id}")
            assert message
            told.append((asked.sample_id, (await tried_facts(story.store, message)).shown))
        assert told == [(dev[1], False), (dev[0], True)]


async def test_a_try_is_judged_where_a_judge_decides_and_says_what_that_took(tmp_path: Path) -> None:
    tone = Rubric(name="Tone", kind=RubricKind.SCALE, text="How polite, from 1 to 10?")
    judge = ScriptedModel(lambda _: json.dumps({"reasoning": "polite", "score": 10}), ref="bedrock:test.judge-v1:0")
    async with open_story(tmp_path) as story:
        judge_with(story, judge)
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        story.accepts = False
        await story.answer("plan:1", "change", change=PlanChange(judge=judge.ref, rubrics=(tone,)))
        await story.answer("plan:2", "change", change=PlanChange(primary=(tone.metric,)))
        await story.answer("plan:3", "approve")
        plan, original = await story.store.plans.get(story.id, 3), await story.store.prompts.original(story.id)
        before = judge.calls
        write_script(story.script.parent, answers={}, default="An answer nobody judged yet.")
        story.tools.shelf.models.clear()
        brief = replace(original, user=f"Be brief.\n{original.user}", parent=original.hash)
        made = await prompts.edited(story.store, story.engine, plan, plan.targets[0], brief, by=REQUESTER)
        story.engine.waiting.clear()
        at = story.tools.clock()
        asked = await prompts.tried(story.store, story.engine, plan, plan.targets[0], made.prompt.hash, by=SME, at=at)
        await story.work(WorkKind.TRY)
        scores = {score.metric: score for score in (await story.store.tries.get(asked.id)).scores}
        assert scores[tone.metric].value == 1.0
        message = await story.store.messages.get(f"try:{asked.id}")
        assert message
        assert judge.calls - before == 1
        assert "It took 2 calls, 1 of the judge's" in (await tried_facts(story.store, message)).took


async def test_a_paused_migration_asks_its_writer_for_no_further_conversion(tmp_path: Path) -> None:
    """What is under way ends and is kept, no other call begins; resumed, none is paid for twice."""
    async with open_story(tmp_path) as story:
        world, began, asked = World(), asyncio.Event(), list[str]()
        write = world._write

        def written(request: Request) -> str:
            asked.append(content_hash(request))
            began.set()
            return write(request)

        world.writer = ScriptedModel(written, ref=WRITER, latency_s=0.1, concurrency=8)
        await to_plan(story, world)
        story.tools = replace(story.tools, writer=WRITER)
        await story.decide("plan:1", "approve")
        await story.conversation.advance(story.id)
        working = asyncio.create_task(story.work())
        async with asyncio.timeout(20):
            await began.wait()
        await story.store.migrations.set_status(story.id, MigrationStatus.PAUSED, by=REQUESTER)
        await working
        paid = len(asked)
        assert paid <= 2  # the one that was under way when the pause was written, and the one before it
        assert not await story.store.prompts.candidates(story.id, 1)
        await story.conversation.resume(story.id, by=REQUESTER)
        await Sweep(story.tools)()
        await story.work(WorkKind.CONVERT)
        assert await story.store.prompts.candidates(story.id, 1)
        assert len(asked) == len(set(asked)) > paid


async def test_a_prompt_chosen_later_has_proposals_of_its_own(tmp_path: Path) -> None:
    """Also where it fails as the one before it did, so that what could be tried reads the same."""
    async with open_story(tmp_path) as story:
        await story.to_prompts()
        target, plan = await target_of(story), await story.store.plans.get(story.id, 1)
        first = await story.store.prompts.get(story.id, (await story.store.prompts.selected(story.id, 1))[target])
        before = await story.store.rounds.of(story.id, 1, 1)
        polite = replace(first, user=f"{first.user}\nThank you.", parent=first.hash)
        made = await prompts.edited(story.store, story.engine, plan, target, polite, by=REQUESTER)
        await story.work()
        await prompts.choose(story.store, story.engine, plan, target, made.prompt.hash, by=REQUESTER)
        await story.work()
        added = [turn for turn in await story.store.rounds.of(story.id, 1, 1) if turn not in before]
        assert {turn.parent for turn in added} == {made.prompt.hash}
        assert [turn.proposal for turn in added] == [turn.proposal for turn in before]
        assert await turns.unproposed(story.store, story.id, 1, 1) == []
