"""Clicks: the first decision stands, and nobody who may not click changes anything."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.buttons import Press
from bot.process import utc_now
from bot.workspace.people import GENERAL, OWNER, REQUESTER, SME_1, TEAM
from db.records import Decision, Migration, MigrationStatus, Plan, Question, QuestionKind
from pipeline.records import Criteria, MetricChoice
from tests.bot.office import Office, eventually

CRITERIA = Criteria(metrics=(MetricChoice(metric="exact_match", primary=True),))


async def asked(
    office: Office,
    kind: QuestionKind = QuestionKind.PLAN,
    *,
    of: Migration | None = None,
    source: str = "recorded:today",
    **changes: Any,
) -> Migration:
    """A migration, made or `of` before, with a posted card for question 1 of this kind."""
    migration = of or await office.migration(**changes)
    await office.store.plans.add(
        Plan(
            migration_id=migration.id, number=1, criteria=CRITERIA, source=source, targets=("local:a",), review_pairs=2,
            estimates=(),
        )
    )  # fmt: skip
    question = Question(migration_id=migration.id, key=f"{kind}:1", kind=kind, subject="1", asked_at=utc_now())
    await office.store.questions.ask(question)
    return migration


def click(migration: str, action: str, answer: str, user: str, *, question: str = "plan:1", **changes: Any) -> AsyncBoltRequest:
    """A click as Socket Mode delivers it; `stamp` makes it a click of its own."""
    given = {"channel": GENERAL, "team": TEAM, "stamp": "1.1"} | changes
    body: Mapping[str, Any] = {
        "type": "block_actions",
        "team": {"id": given["team"]},
        "user": {"id": user, "team_id": given["team"]},
        "channel": {"id": given["channel"]},
        "container": {"type": "message", "message_ts": "1.0", "channel_id": given["channel"]},
        "trigger_id": "1.2.3",
        "actions": [
            {
                "type": "button",
                "action_id": action,
                "block_id": "b",
                "action_ts": given["stamp"],
                "value": Press(migration=migration, question=question, answer=answer).dumps(),
            }
        ],
    }
    return AsyncBoltRequest(mode="socket_mode", body=dict(body))


async def dispatch(office: Office, *requests: AsyncBoltRequest) -> list[int]:
    """The statuses Bolt answers with, all requests at once; returns when their listeners are done."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(office.bot.app.async_dispatch(request)) for request in requests]
    await office.bot.desk.settled()
    return [task.result().status for task in tasks]


def told(office: Office, user: str) -> list[str]:
    """What `user` alone was told in the channel, oldest first."""
    return [str(m["text"]) for m in office.workspace.general().messages.values() if m.get("ephemeral_for") == user]


async def test_fifty_concurrent_clicks_make_one_decision_and_the_others_are_told_who_decided(office: Office) -> None:
    migration = await asked(office)
    people = [(REQUESTER, "approve"), (OWNER, "cancel")] * 25
    clicks = [
        click(migration.id, "plan_approve" if answer == "approve" else "plan_cancel", answer, user, stamp=f"{n}.0")
        for n, (user, answer) in enumerate(people)
    ]
    assert await dispatch(office, *clicks) == [200] * 50
    (decision,) = await office.store.questions.decisions(migration.id)
    loser = OWNER if decision.by == REQUESTER else REQUESTER
    sentences = told(office, loser)
    assert len(sentences) == 25
    assert all(f"by <@{decision.by}>" in sentence for sentence in sentences)
    assert told(office, decision.by) == []
    events = await office.store.audit.events(migration.id)
    assert sum(event.action == "decided" for event in events) == 1
    assert sum(event.action == "was refused" for event in events) == 25
    assert await office.store.audit.verify() is None


async def test_the_card_loses_its_buttons_and_keeps_who_decided(office: Office) -> None:
    migration = await asked(office)
    card = await office.requester.message(lambda m: "plan_approve" in json.dumps(m.get("blocks", [])))
    await office.requester.click(card, "plan_approve")
    after = await office.requester.message(lambda m: m["ts"] == card["ts"] and "Approved" in json.dumps(m["blocks"]))
    assert "plan_approve" not in json.dumps(after["blocks"])
    assert f"<@{REQUESTER}>" in json.dumps(after["blocks"])
    assert (await office.store.questions.decision(migration.id, "plan:1")) is not None


@pytest.mark.parametrize(
    ("action", "answer", "question", "user", "changes", "why", "code"),
    [
        ("plan_approve", "approve", "plan:1", SME_1, {}, "Only the requester", "not_lead"),
        ("sign_off_approve", "approve", "sign_off:1", REQUESTER, {}, "Only the owner", "not_owner"),
        ("plan_approve", "approve", "plan:1", REQUESTER, {"team": "T0OTHER"}, "another workspace", "other_team"),
        ("plan_approve", "approve", "plan:1", REQUESTER, {"channel": "C0PRIVATE"}, "another channel", "other_channel"),
        ("migration_cancel", "", "", SME_1, {}, "Only the requester", "not_lead"),
    ],
)
async def test_who_may_not_is_told_why_and_audited_and_nothing_changes(
    office: Office, action: str, answer: str, question: str, user: str, changes: dict[str, str], why: str, code: str
) -> None:
    kind = QuestionKind.SIGN_OFF if question.startswith("sign_off") else QuestionKind.PLAN
    migration = await asked(office, kind)
    await dispatch(office, click(migration.id, action, answer, user, question=question, **changes))
    await eventually(lambda: _told_anywhere(office, user, why))
    assert await office.store.questions.decisions(migration.id) == ()
    assert (await office.store.migrations.get(migration.id)).status is MigrationStatus.OPEN
    refused = [event for event in await office.store.audit.events(migration.id) if event.action == "was refused"]
    assert [(event.actor, json.loads(event.detail_json)["why"]) for event in refused] == [(user, code)]


async def _told_anywhere(office: Office, user: str, why: str) -> bool:
    texts = [
        message["text"]
        for channel in office.workspace.state.channels.values()
        for message in channel.messages.values()
        if message.get("ephemeral_for") == user or (channel.is_im and user in channel.members)
    ]
    return any(why in text for text in texts)


async def test_an_owner_who_is_the_requester_cannot_sign_off(office: Office) -> None:
    migration = await asked(office, QuestionKind.SIGN_OFF, owner=REQUESTER)
    await dispatch(office, click(migration.id, "sign_off_approve", "approve", REQUESTER, question="sign_off:1"))
    assert await office.store.reports.sign_off(migration.id) is None
    assert any("nobody signs off their own migration" in sentence for sentence in told(office, REQUESTER))


async def test_a_stale_click_is_told_what_was_decided_and_by_whom(office: Office) -> None:
    migration = await asked(office)
    await office.store.questions.decide(
        Decision(migration_id=migration.id, question="plan:1", answer="change", by=OWNER, at=utc_now())
    )
    await office.store.questions.close(migration.id, "plan:1")
    await dispatch(office, click(migration.id, "plan_approve", "approve", REQUESTER))
    assert [f"*Change asked* by <@{OWNER}>" in sentence for sentence in told(office, REQUESTER)] == [True]


async def test_a_click_on_a_question_the_migration_went_past_is_refused(office: Office) -> None:
    migration = await asked(office)
    await office.store.questions.close(migration.id, "plan:1")
    await dispatch(office, click(migration.id, "plan_approve", "approve", REQUESTER))
    assert await office.store.questions.decisions(migration.id) == ()
    assert any("closed" in sentence for sentence in told(office, REQUESTER))


async def test_the_same_delivery_four_times_has_one_effect(office: Office) -> None:
    migration = await asked(office)
    request = [click(migration.id, "plan_cancel", "cancel", SME_1) for _ in range(4)]
    assert await dispatch(office, *request[:2]) == [200, 200]
    assert [await dispatch(office, each) for each in request[2:]] == [[200], [200]]
    assert len(told(office, SME_1)) == 1
    assert sum(event.action == "was refused" for event in await office.store.audit.events(migration.id)) == 1


@pytest.mark.parametrize("value", ["", "{}", "[]", "not json", '{"m": "unknown", "q": "plan:1", "a": "approve"}'])
async def test_a_button_nobody_made_is_answered_with_a_sentence(office: Office, value: str) -> None:
    request = click("m", "plan_approve", "approve", REQUESTER)
    request.body["actions"][0]["value"] = value
    assert await dispatch(office, request) == [200]
    (sentence,) = told(office, REQUESTER)
    assert "/migrate" in sentence
    assert "reference" not in sentence


async def test_a_button_of_an_older_ferry_is_acknowledged(office: Office) -> None:
    assert await dispatch(office, click("m", "no_such_action", "x", REQUESTER)) == [200]
    assert any("older Ferry" in sentence for sentence in told(office, REQUESTER))


async def test_a_redelivered_click_of_the_same_person_still_moves_the_migration(office: Office, tmp_path: Path) -> None:
    """A crash between the decision and the move: the delivery is not done, comes again, and the plan is followed."""
    migration = await office.migration()
    before = await office.store.questions.pending(migration.id)
    assert before
    await office.store.questions.decide(
        Decision(migration_id=migration.id, question=before.key, answer="approve", by=REQUESTER, at=utc_now())
    )
    await dispatch(office, click(migration.id, "plan_approve", "approve", REQUESTER, question=before.key))
    assert told(office, REQUESTER) == []
