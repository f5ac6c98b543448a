"""The first decision stands, under real concurrency; it is written with its trace and its cards, or not at all."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from db import Store
from db.engine import Database
from db.records import (
    Assignment,
    Choice,
    Decision,
    Migration,
    MigrationStatus,
    Plan,
    PlanChange,
    Preference,
    Question,
    QuestionKind,
)
from pipeline.errors import RefusedError
from pipeline.records import Criteria, MetricChoice
from tests.db.facts import opened, queued
from tests.stores import START


def question(migration: Migration, kind: QuestionKind = QuestionKind.PLAN, number: int = 1, subject: str = "1") -> Question:
    asked_at = START + timedelta(seconds=number)
    return Question(migration_id=migration.id, key=f"{kind}:{number}", kind=kind, subject=subject, asked_at=asked_at)


def decision(asked: Question, answer: str = "approve", by: str = "U2", **more: Any) -> Decision:
    return Decision(migration_id=asked.migration_id, question=asked.key, answer=answer, by=by, at=START, **more)


async def revision(store: Store, key: str) -> int:
    message = await store.messages.get(key)
    return message.revision if message else 0


@pytest.mark.parametrize("kind", QuestionKind)
async def test_a_question_is_asked_once_with_its_card(sqlite_store: Store, kind: QuestionKind) -> None:
    migration = await opened(sqlite_store)
    asked = question(migration, kind)
    for _ in range(2):
        assert await sqlite_store.questions.ask(asked) == asked
    has_card = kind not in {QuestionKind.RUNS, QuestionKind.IMPROVED, QuestionKind.REPORT}
    assert await revision(sqlite_store, f"question:{migration.id}:{asked.key}") == (1 if has_card else 0)
    assert await revision(sqlite_store, f"status:{migration.id}") == 2
    assert await sqlite_store.questions.get(migration.id, asked.key) == asked
    assert await sqlite_store.questions.pending(migration.id) == asked


async def test_fifty_clicks_make_one_decision(store: Store) -> None:
    asked = await store.questions.ask(question(await opened(store)))
    given = [decision(asked, "approve" if n % 2 else "cancel", by=f"U{n}") for n in range(50)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.questions.decide(d)) for d in given]
    results = [task.result() for task in tasks]
    standing = await store.questions.decision(asked.migration_id, asked.key)
    assert [won for _, won in results].count(True) == 1
    assert {told for told, _ in results} == {standing}
    assert next(d for d, (_, won) in zip(given, results, strict=True) if won) == standing
    assert [e.action for e in await store.audit.events()] == ["opened", "decided"]
    assert await store.audit.verify() is None


async def test_two_stores_on_one_database_agree(store: Store) -> None:
    """As two processes would: each with its own connections."""
    other = Store(Database(store._database.url), lambda: START)
    asked = await store.questions.ask(question(await opened(store)))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task((store, other)[n % 2].questions.decide(decision(asked, by=f"U{n}"))) for n in range(20)]
    await other.close()
    assert sum(task.result()[1] for task in tasks) == 1


async def test_a_decision_comes_back_as_it_was_and_shows_on_the_cards(store: Store) -> None:
    asked = await store.questions.ask(question(await opened(store)))
    given = decision(asked, "change", note="Too\x00 strict", change=PlanChange(margin=0.1, add_target="local:c"))
    standing, won = await store.questions.decide(given)
    assert won
    assert await store.questions.decisions(asked.migration_id) == (replace(standing, note="Too\ufffd strict"),)
    assert await revision(store, f"question:{asked.migration_id}:plan:1") == 2
    assert await revision(store, f"status:{asked.migration_id}") == 3


async def test_the_trace_names_what_the_person_saw(store: Store) -> None:
    migration = await opened(store)
    criteria = Criteria(metrics=(MetricChoice(metric="exact_match", primary=True),))
    plan = Plan(migration_id=migration.id, number=1, criteria=criteria, source="a", targets=("b",), review_pairs=3, estimates=())
    await store.plans.add(plan)
    asked = await store.questions.ask(question(migration))
    await store.messages.sent(f"question:{migration.id}:plan:1", 1, "171.2", START)
    await store.questions.decide(decision(asked))
    event = (await store.audit.events(migration.id))[-1]
    assert (event.actor, event.team, event.at) == ("U2", "T1", START)
    assert json.loads(event.detail_json) == {
        "question": "plan:1", "answer": "approve", "note": "", "subject": "1", "hash": plan.hash,
        "channel": "C1", "message": "171.2", "revision": "1",
    }  # fmt: skip


async def test_approving_a_report_signs_its_hash(store: Store) -> None:
    migration = await opened(store)
    asked = await store.questions.ask(question(migration, QuestionKind.SIGN_OFF, subject="abc"))
    await store.questions.decide(decision(asked))
    signed = await store.reports.sign_off(migration.id)
    assert signed is not None
    assert (signed.report_hash, signed.by, signed.at) == ("abc", "U2", START)


@pytest.mark.parametrize("answer", ["reject", "request_changes"])
async def test_no_other_answer_signs(sqlite_store: Store, answer: str) -> None:
    migration = await opened(sqlite_store)
    asked = await sqlite_store.questions.ask(question(migration, QuestionKind.SIGN_OFF, subject="abc"))
    await sqlite_store.questions.decide(decision(asked, answer))
    assert await sqlite_store.reports.sign_off(migration.id) is None


async def test_a_question_never_asked_or_closed_takes_no_answer(store: Store) -> None:
    migration = await opened(store)
    asked = question(migration)
    with pytest.raises(RefusedError, match="not asked"):
        await store.questions.decide(decision(asked))
    await store.questions.ask(asked)
    for _ in range(2):
        await store.questions.close(migration.id, asked.key)
    assert await store.questions.is_closed(migration.id, asked.key)
    with pytest.raises(RefusedError, match="closed"):
        await store.questions.decide(decision(asked))
    assert await store.questions.decision(migration.id, asked.key) is None
    assert await revision(store, f"question:{migration.id}:plan:1") == 2


async def test_a_late_click_is_told_who_decided(store: Store) -> None:
    asked = await store.questions.ask(question(await opened(store)))
    first, _ = await store.questions.decide(decision(asked, by="U2"))
    await store.questions.close(asked.migration_id, asked.key)
    assert await store.questions.decide(decision(asked, by="U9")) == (first, False)


async def test_an_attempt_that_is_not_allowed_leaves_a_trace_only(store: Store) -> None:
    asked = await store.questions.ask(question(await opened(store)))
    with pytest.raises(RefusedError, match="not yours"):
        await store.questions.decide(decision(asked, by="U9"), allowed=False)
    assert await store.questions.decision(asked.migration_id, asked.key) is None
    assert await revision(store, f"status:{asked.migration_id}") == 2
    assert [(e.actor, e.action) for e in await store.audit.events()][-1] == ("U9", "was refused")


async def test_the_last_open_question_is_pending(sqlite_store: Store) -> None:
    migration = await opened(sqlite_store)
    for number in (1, 2):
        await sqlite_store.questions.ask(question(migration, number=number))
    await sqlite_store.questions.close(migration.id, "plan:2")
    pending = await sqlite_store.questions.pending(migration.id)
    assert pending is not None
    assert pending.key == "plan:1"
    await sqlite_store.questions.decide(decision(pending))
    assert await sqlite_store.questions.pending(migration.id) == pending


async def waiting(store: Store, user: str, team: str = "T1") -> list[str]:
    return [asked.key for _, asked in await store.questions.waiting_for(team, user)]


async def test_each_person_waits_for_what_is_theirs(store: Store) -> None:
    migration = await opened(store)
    for kind in QuestionKind:
        await store.questions.ask(question(migration, kind))
    assert await waiting(store, "U1") == ["dataset:1", "plan:1", "prompts:1"]
    assert await waiting(store, "U2") == ["sign_off:1"]
    assert await waiting(store, "U3") == []
    assert await waiting(store, "U1", "T2") == []
    await store.questions.decide(decision(question(migration), by="U1"))
    assert await waiting(store, "U1") == ["dataset:1", "prompts:1"]
    await store.migrations.set_status(migration.id, MigrationStatus.CANCELLED, by="U1")
    assert await waiting(store, "U1") == []


async def test_an_sme_waits_for_pairs_not_judged(store: Store) -> None:
    migration = await opened(store)
    run = await queued(store, migration)
    await store.questions.ask(question(migration, QuestionKind.REVIEW))
    pair = Assignment(id="a1", migration_id=migration.id, round=1, sample_id="s0", sme="U3", run_a=run.id, run_b=run.id)
    await store.reviews.open((pair,))
    assert await waiting(store, "U3") == ["review:1"]
    await store.reviews.prefer(Preference(assignment_id="a1", choice=Choice.SAME, by="U3", at=START))
    assert await waiting(store, "U3") == []


async def test_pairs_left_over_from_an_earlier_round_wait_for_nobody(store: Store) -> None:
    migration = await opened(store)
    run = await queued(store, migration)
    pair = Assignment(id="a1", migration_id=migration.id, round=1, sample_id="s0", sme="U3", run_a=run.id, run_b=run.id)
    await store.reviews.open((pair,))
    await store.questions.ask(question(migration, QuestionKind.REVIEW, number=2))
    assert await waiting(store, "U3") == []
