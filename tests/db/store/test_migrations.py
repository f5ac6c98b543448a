"""Migrations open once, are found by who takes part, and change with a trace."""

import asyncio
from collections.abc import Awaitable

import pytest

from db import Store
from db.engine import Database
from db.records import Decision, MessageKind, MigrationStatus, Question, QuestionKind
from pipeline.errors import RefusedError
from tests.db.facts import NEW, PROMPT, opened
from tests.stores import START, SteadyClock


async def test_a_request_opens_one_migration_with_its_prompt_and_its_card(store: Store) -> None:
    first = await opened(store)
    assert await opened(store, name="Told twice") == first
    assert (first.name, first.targets, first.smes, first.created_at) == (NEW.name, NEW.targets, NEW.smes, START)
    assert first.created_at.tzinfo is not None
    assert await store.prompts.original(first.id) == PROMPT
    cards = await store.messages.of(first.id)
    assert [(c.key, c.place, c.kind, c.revision, c.sent, c.state) for c in cards] == [
        (f"status:{first.id}", "root", MessageKind.STATUS, 1, 0, "waiting")
    ]
    assert [e.action for e in await store.audit.events(first.id)] == ["opened"]


async def test_concurrent_requests_open_one(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(opened(store)) for _ in range(20)]
    assert len({task.result().id for task in tasks}) == 1
    assert len(await store.audit.events()) == 1


async def test_an_unknown_migration_is_refused_with_the_way_out(store: Store) -> None:
    with pytest.raises(RefusedError, match="/migrate list"):
        await store.migrations.get("nobody")


async def test_lists_name_the_people_who_take_part(store: Store, clock: SteadyClock) -> None:
    first = await opened(store)
    clock.pass_seconds(1)
    second = await opened(store, origin="view:2", requester="U9", owner=None, smes=("U33",))
    clock.pass_seconds(1)
    third = await opened(store, origin="view:3", team="T2", requester="U9")
    assert await store.migrations.listed("T1", "U3") == (first,)
    assert await store.migrations.listed("T1", "U2") == (first,)
    assert await store.migrations.listed("T1", "U9") == (second,)
    assert await store.migrations.listed("T1", "U%") == ()
    assert await store.migrations.active() == (first, second, third)


async def test_a_status_is_set_once_and_traced(store: Store) -> None:
    migration = await opened(store)
    for _ in range(2):
        after = await store.migrations.set_status(migration.id, MigrationStatus.STUCK, by="ferry", problem="No model answers.")
    assert (after.status, after.problem) == (MigrationStatus.STUCK, "No model answers.")
    assert [e.action for e in await store.audit.events(migration.id)] == ["opened", "changed"]
    card = await store.messages.get(f"status:{migration.id}")
    assert card is not None
    assert card.revision == 2
    assert await store.migrations.active() == ()


async def test_ending_a_migration_closes_what_is_still_asked(store: Store) -> None:
    migration = await opened(store)
    question = Question(migration_id=migration.id, key="plan:1", kind=QuestionKind.PLAN, subject="1", asked_at=START)
    await store.questions.ask(question)
    await store.migrations.set_status(migration.id, MigrationStatus.CANCELLED, by="U1")
    assert await store.questions.pending(migration.id) is None
    card = await store.messages.get(f"question:{migration.id}:plan:1")
    assert card is not None
    assert card.revision == 2


async def test_an_edit_changes_what_was_given_and_nothing_else(store: Store) -> None:
    migration = await opened(store, owner=None)
    changed = await store.migrations.edit(migration.id, by="U1", owner="U7")
    assert (changed.owner, changed.targets, changed.smes) == ("U7", migration.targets, migration.smes)
    again = await store.migrations.edit(migration.id, by="U1", owner="U7", smes=migration.smes)
    assert again == changed
    events = await store.audit.events(migration.id)
    assert [(e.actor, e.action, e.detail_json) for e in events[1:]] == [("U1", "changed", '{"owner":"\\"U7\\""}')]


async def test_a_thread_leads_to_its_migration(store: Store) -> None:
    migration = await opened(store)
    assert await store.migrations.by_thread("C1", "171.1") is None
    await store.messages.sent(f"status:{migration.id}", 1, "171.1", START)
    found = await store.migrations.by_thread("C1", "171.1")
    assert found is not None
    assert (found.id, found.thread_ts) == (migration.id, "171.1")


async def test_what_has_ended_stays_as_it_ended(store: Store) -> None:
    migration = await opened(store)
    await store.migrations.set_status(migration.id, MigrationStatus.SIGNED, by="U1")
    late = await store.migrations.set_status(migration.id, MigrationStatus.CANCELLED, by="U2")
    assert late.status is MigrationStatus.SIGNED
    assert (await store.migrations.get(migration.id)).status is MigrationStatus.SIGNED


async def sign_off_asked(store: Store, origin: str = "view:1") -> Question:
    migration = await opened(store, origin=origin)
    kind = QuestionKind.SIGN_OFF
    return await store.questions.ask(
        Question(migration_id=migration.id, key="sign_off:1", kind=kind, subject="h", asked_at=START)
    )


def decided(question: Question, answer: str) -> Decision:
    return Decision(migration_id=question.migration_id, question=question.key, answer=answer, by="U2", at=START)


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("answer", ["approve", "reject"])
async def test_a_decided_sign_off_is_neither_cancelled_nor_paused(store: Store, answer: str, closed: bool) -> None:
    asked = await sign_off_asked(store)
    await store.questions.decide(decided(asked, answer))
    if closed:
        await store.questions.close(asked.migration_id, asked.key)
    for status in (MigrationStatus.CANCELLED, MigrationStatus.PAUSED):
        assert (await store.migrations.set_status(asked.migration_id, status, by="U1")).status is MigrationStatus.OPEN
    ended = await store.migrations.set_status(asked.migration_id, MigrationStatus.SIGNED, by="U2")
    assert ended.status is MigrationStatus.SIGNED
    assert [e.action for e in await store.audit.events(asked.migration_id)] == ["opened", "decided", "changed"]


async def test_a_migration_whose_owner_wants_changes_can_be_cancelled(store: Store) -> None:
    asked = await sign_off_asked(store)
    await store.questions.decide(decided(asked, "request_changes"))
    after = await store.migrations.set_status(asked.migration_id, MigrationStatus.CANCELLED, by="U1")
    assert after.status is MigrationStatus.CANCELLED


async def test_of_a_cancel_and_a_sign_off_at_once_one_holds(store: Store) -> None:
    """Two connections, as two processes: the store's own queue for SQLite's writer decides nothing."""
    other = Store(Database(store._database.url), lambda: START)
    for n in range(20):
        asked = await sign_off_asked(store, origin=f"view:{n}")
        async with asyncio.TaskGroup() as group:
            deciding = group.create_task(outcome(store.questions.decide(decided(asked, "approve"))))
            cancelling = group.create_task(other.migrations.set_status(asked.migration_id, MigrationStatus.CANCELLED, by="U1"))
        signed = await store.reports.sign_off(asked.migration_id) is not None
        cancelled = (await store.migrations.get(asked.migration_id)).status is MigrationStatus.CANCELLED
        assert signed != cancelled
        assert deciding.result() is signed
        assert (cancelling.result().status is MigrationStatus.CANCELLED) is cancelled
    await other.close()


async def outcome(deciding: Awaitable[tuple[Decision, bool]]) -> bool:
    try:
        return (await deciding)[1]
    except RefusedError:
        return False


async def test_why_a_migration_is_stuck_is_told_with_it(store: Store) -> None:
    migration = await opened(store)
    for sentence, revision in (("No model answers.", 1), ("No model answers.", 1), ("It answers nonsense.", 2)):
        await store.migrations.stick(migration.id, sentence, by="ferry")
        after, said = await store.migrations.get(migration.id), await store.messages.get(f"problem:{migration.id}")
        assert (after.status, after.problem) == (MigrationStatus.STUCK, sentence)
        assert said is not None
        assert (said.body, said.place, said.kind, said.revision) == (sentence, "thread", MessageKind.PROBLEM, revision)
    await store.migrations.set_status(migration.id, MigrationStatus.CANCELLED, by="U1")
    await store.migrations.stick(migration.id, "Too late.", by="ferry")
    said = await store.messages.get(f"problem:{migration.id}")
    assert said is not None
    assert said.body == "Too late."
    assert (await store.migrations.get(migration.id)).status is MigrationStatus.CANCELLED
    assert await store.audit.verify() is None
