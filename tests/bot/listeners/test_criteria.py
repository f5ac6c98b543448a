"""Metrics, judge and own criteria in the thread: forms, a trial on a click, and proposals that only a click makes real."""

import json
from typing import Any

from agent.engine import WorkKind
from bot.workspace.people import SME_1
from db.records import Decision, Migration, PlanChange
from tests.bot.listeners.test_decisions import has
from tests.bot.listeners.test_messages import reply
from tests.bot.office import Office, eventually
from tests.bot.test_clicks import asked, click, dispatch, told

JUDGE = "bedrock:amazon.nova-lite-v1:0"


async def changed(office: Office, migration: Migration) -> PlanChange:
    """The change that somebody's click asked for."""
    await eventually(lambda: office.store.questions.decision(migration.id, "plan:1"))
    decision = await office.store.questions.decision(migration.id, "plan:1")
    assert isinstance(decision, Decision)
    assert decision.change
    assert decision.answer == "change"
    return decision.change


async def opened(office: Office, action: str, callback: str) -> dict[str, Any]:
    card = await office.requester.message(has(action))
    await office.requester.click(card, action)
    return dict(await office.requester.modal(callback))


async def test_a_judge_and_what_decides_are_chosen_in_a_form(office: Office) -> None:
    migration = await asked(office)
    await opened(office, "plan_metrics", "plan_metrics")
    assert set((await office.requester.submit({}))["errors"]) == {"judge"}
    assert set((await office.requester.submit({"judge": "gpt", "deciding": []}))["errors"]) == {"judge", "deciding"}
    assert not (await office.requester.submit({"judge": JUDGE, "deciding": ["exact_match"]})).get("errors")
    change = await changed(office, migration)
    assert (change.judge, change.remove_metrics, change.primary) == (JUDGE, (), None)


async def test_a_pasted_style_guide_becomes_criteria_of_the_next_plan(office: Office) -> None:
    migration = await asked(office)
    await opened(office, "plan_criteria", "plan_criteria")
    assert set((await office.requester.submit({"text": "?!"}))["errors"]) == {"text"}
    await office.requester.submit({"text": "At most 20 words.\nSound like a bank.", "name": "House"})
    change = await changed(office, migration)
    assert [check.rule for check in change.checks] == ["max_words"]
    assert [rubric.metric for rubric in change.rubrics] == ["rubric:house"]


async def test_only_who_leads_the_migration_changes_its_criteria(office: Office) -> None:
    migration = await asked(office)
    card, sme = await office.requester.message(has("plan_metrics")), office.person(SME_1)
    for action in ("plan_metrics", "plan_criteria"):
        await sme.click(card, action)

    async def refused() -> bool:
        return sum("Only the requester" in sentence for sentence in told(office, SME_1)) == 2

    await eventually(refused)
    assert await office.store.questions.decisions(migration.id) == ()


async def test_criteria_are_tried_on_a_click_and_not_before(office: Office) -> None:
    migration = await asked(office)
    assert all(kind is not WorkKind.TRIAL for kind, _, _ in office.engine.submitted)
    await dispatch(office, click(migration.id, "plan_try", "try", SME_1, stamp="1.0"))
    assert all(kind is not WorkKind.TRIAL for kind, _, _ in office.engine.submitted)
    await dispatch(office, click(migration.id, "plan_try", "try", migration.requester, stamp="2.0"))
    assert (WorkKind.TRIAL, f"{migration.id}:1", (migration.id, "1")) in office.engine.submitted
    assert await office.store.questions.decisions(migration.id) == ()


async def test_a_judge_is_proposed_from_words_and_chosen_by_a_click(office: Office) -> None:
    migration = await asked(office)
    card = await reply(office, migration, f"use {JUDGE} as judge", "judge, with a new plan?")
    await office.person(SME_1).click(card, "proposal_confirm")

    async def refused() -> bool:
        return any("Only the requester" in sentence for sentence in told(office, SME_1))

    await eventually(refused)
    assert await office.store.questions.decisions(migration.id) == ()
    await office.requester.click(card, "proposal_confirm")
    assert (await changed(office, migration)).judge == JUDGE


async def test_metrics_are_proposed_from_words(office: Office) -> None:
    migration = await asked(office)
    card = await reply(office, migration, "add metric chrf", "Measure chrf too, with a new plan?")
    await office.requester.click(card, "proposal_confirm")
    assert (await changed(office, migration)).add_metrics == ("chrf",)


async def test_what_is_not_measured_cannot_be_removed_and_a_judge_needs_a_name(office: Office) -> None:
    migration = await asked(office)
    await reply(office, migration, "remove metric chrf", "The plan measures exact_match")
    await reply(office, migration, "use a judge", "Which model shall judge?")
    await office.requester.say("remove metric exact_match", thread_ts=migration.thread_ts)
    card = await office.requester.message(lambda m: "exact_match no more" in json.dumps(m))
    assert "proposal_confirm" in json.dumps(card["blocks"])
