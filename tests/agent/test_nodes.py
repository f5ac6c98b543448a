"""Nodes as functions: what each writes, and that a second time changes nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from langgraph.runtime import Runtime

from agent import arms, nodes, rounds, told
from agent.engine import WorkKind
from agent.nodes import Deps
from agent.state import State
from db.records import MessageKind, MigrationStatus
from pipeline.models.catalog import Catalog, read_catalog
from pipeline.prompts.template import parse_prompt
from tests.agent.story import OWNER, SME, Story, open_story


def runtime(story: Story, catalog: Catalog | None = None) -> Runtime[Deps]:
    deps = Deps(store=story.store, engine=story.engine, cron="30 8 * * tue", timezone="Europe/Berlin")
    return Runtime(context=replace(deps, catalog=catalog) if catalog else deps)


async def state(story: Story, number: int = 1) -> State:
    dataset = await story.store.datasets.latest(story.id)
    report = await story.store.reports.latest(story.id)
    assert dataset
    return {
        "migration_id": story.id,
        "dataset_id": dataset.id,
        "number": number,
        "report_hash": report.hash if report else "",
    }


async def with_dataset(story: Story) -> None:
    await story.conversation.advance(story.id)
    await story.upload()
    await story.work()


async def test_draft_plan_twice_is_one_plan(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await with_dataset(story)
        before = await story.store.plans.latest(story.id)
        first: State = {"migration_id": story.id, "dataset_id": ""}
        told = [await nodes.draft_plan(first, runtime(story)) for _ in range(2)]
        assert told[0] == told[1] == {"number": 1, "dataset_id": (await state(story))["dataset_id"]}
        assert await story.store.plans.latest(story.id) == before


async def test_a_plan_holds_its_prompt_against_what_the_targets_take(tmp_path: Path) -> None:
    prompt = parse_prompt("Message: {question}\nIntent:")
    prompt = replace(prompt, parameters=replace(prompt.parameters, json_schema="{}", max_tokens=20_000))
    async with open_story(tmp_path, prompt=prompt) as story:
        await story.store.migrations.edit(story.id, by="U0REQUESTER", targets=("bedrock:amazon.nova-lite-v1:0",))
        await with_dataset(story)
        notes = (await story.store.plans.get(story.id, 1)).notes
        assert any("asks for up to 20,000 tokens" in note and "gives at most 10,000" in note for note in notes)
        assert any("has a JSON schema, and whether bedrock:amazon.nova-lite-v1:0 takes one is unknown" in note for note in notes)


async def test_a_plan_believes_the_operator_first(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps({"bedrock:a.model-v1:0": {"facts": {"retires": "2027-03-01"}}}))
    async with open_story(tmp_path) as story:
        await story.store.migrations.edit(story.id, by="U0REQUESTER", targets=("bedrock:a.model-v1:0",))
        await with_dataset(story)
        last = await story.store.plans.get(story.id, 1)
        assert "end-of-life" not in str(last.notes)
        following: State = {"migration_id": story.id, "dataset_id": "", "number": 1}
        await nodes.draft_plan(following, runtime(story, read_catalog(tmp_path / "own.json")))
        assert "bedrock:a.model-v1:0 has an end-of-life date: 2027-03-01" in str((await story.store.plans.get(story.id, 2)).notes)


async def test_a_plan_tells_calls_time_and_money_without_inventing_a_price(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.store.migrations.edit(story.id, by="U0REQUESTER", targets=("local:gemma3-270m", "bedrock:a.model-v1:0"))
        await with_dataset(story)
        plan = await story.store.plans.get(story.id, 1)
        dataset = await story.store.datasets.latest(story.id)
        assert dataset
        baseline, candidates, targets = plan.estimates
        assert (baseline.calls, baseline.seconds, baseline.usd) == (24, 0.0, None)
        assert "nothing is charged" in baseline.note
        assert candidates.calls == 2 * 4 * dataset.dev
        assert targets.calls == 2 * 3 * dataset.test
        assert targets.seconds > 0
        assert targets.usd is None
        assert "the price of bedrock:a.model-v1:0 is unknown" in targets.note


async def test_start_baseline_twice_is_two_runs_and_submits_both(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await with_dataset(story)
        for _ in range(2):
            await nodes.start_baseline(await state(story), runtime(story))
        runs = await story.store.runs.listed(story.id, arms.BASELINE)
        assert sorted(run.label for run in runs) == ["source · dev", "source · test"]
        assert {key for kind, key in story.engine.submitted if kind is WorkKind.RUN} == {run.id for run in runs}


async def test_targets_run_each_text_once_under_all_its_names(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_review()
        facts = await rounds.facts(story.store, await state(story))
        runs = await story.store.runs.listed(story.id, "targets:1")
        assert len({run.key.prompt_hash for run in runs}) == len(runs)
        names = [name for run in runs for name in run.label.split(", ")]
        assert names.count("winner") == names.count("as is") == 1
        selected = await story.store.prompts.selected(story.id, 1)
        assert selected[facts.plan.targets[0]] in {c.prompt.hash for c in facts.candidates}
        await nodes.start_targets(await state(story), runtime(story))
        assert await story.store.runs.listed(story.id, "targets:1") == runs


async def test_open_review_twice_hands_out_the_same_blind_pairs(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_review()
        before = await story.store.reviews.next_for(story.id, 1, SME)
        assert await nodes.open_review(await state(story), runtime(story)) == {"answer": "review"}
        assert await story.store.reviews.next_for(story.id, 1, SME) == before
        assert (await story.store.reviews.progress(story.id, 1))[SME][1] <= 6
        (card,) = [m for m in await story.store.messages.of(story.id) if m.kind is MessageKind.REVIEW]
        assert card.place == SME


async def test_publish_twice_is_one_monitor_on_the_clock_it_was_given(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_sign_off()
        await story.decide("sign_off:1", "approve", by=OWNER)
        for _ in range(2):
            await nodes.publish(await state(story), runtime(story))
        (monitor,) = await story.store.monitors.active()
        baseline = await story.store.runs.get(monitor.baseline_run)
        assert "winner" in baseline.label
        assert (baseline.key.model, baseline.key.prompt_hash) == (monitor.target, monitor.prompt_hash)
        assert (monitor.cron, monitor.timezone) == ("30 8 * * tue", "Europe/Berlin")
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.SIGNED


@pytest.mark.parametrize(("answer", "ends"), [("approve", MigrationStatus.SIGNED), ("reject", MigrationStatus.REJECTED)])
async def test_a_cancel_after_the_sign_off_s_decision_changes_nothing(tmp_path: Path, answer: str, ends: MigrationStatus) -> None:
    async with open_story(tmp_path) as story:
        await story.to_sign_off()
        await story.decide("sign_off:1", answer, by=OWNER)
        await story.store.migrations.set_status(story.id, MigrationStatus.CANCELLED, by="U0REQUESTER")
        await story.conversation.advance(story.id)
        assert (await story.store.migrations.get(story.id)).status is ends
        handed_over = await story.store.messages.get(told.files_key(story.id, 1)) is not None
        signed = ends is MigrationStatus.SIGNED
        assert (handed_over, bool(await story.store.monitors.active())) == (signed, signed)


@pytest.mark.parametrize("node", [nodes.cancel, nodes.reject])
async def test_an_end_without_a_decision_is_ferry_s(tmp_path: Path, node: object) -> None:
    async with open_story(tmp_path) as story:
        await with_dataset(story)
        assert callable(node)
        await node(await state(story), runtime(story))
        ended = (await story.store.migrations.get(story.id)).status
        assert ended in {MigrationStatus.CANCELLED, MigrationStatus.REJECTED}
        assert (await story.store.audit.events(story.id))[-1].actor == "ferry"
