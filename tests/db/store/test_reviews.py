"""Blind pairs: given once, judged once, by whom and why."""

import asyncio
import json
from dataclasses import replace

import pytest

from db import Store
from db.records import Assignment, Choice, MessageKind, Migration, Preference, Question, QuestionKind
from pipeline.errors import RefusedError
from tests.db.facts import opened, queued
from tests.stores import START


async def pairs(store: Store, size: int = 4) -> tuple[Migration, tuple[Assignment, ...]]:
    """Pairs handed to two SMEs in turn."""
    migration = await opened(store)
    runs = [await queued(store, migration, run_id=f"r-{model}", model=model) for model in ("a", "b")]
    given = tuple(
        Assignment(
            id=f"a{n}", migration_id=migration.id, round=1, sample_id=f"s{n // 2}", sme=("U3", "U4")[n % 2],
            run_a=runs[n % 2].id, run_b=runs[1 - n % 2].id,
        )
        for n in range(size)
    )  # fmt: skip
    await store.reviews.open(given)
    return migration, given


def preference(assignment: Assignment, choice: Choice = Choice.A, **more: str) -> Preference:
    return Preference(assignment_id=assignment.id, choice=choice, by=assignment.sme, at=START, **more)


async def test_a_pair_is_given_once_however_it_is_shuffled(store: Store) -> None:
    migration, given = await pairs(store)
    shuffled = tuple(replace(a, id=f"again-{a.id}", run_a=a.run_b, run_b=a.run_a) for a in given)
    await store.reviews.open(given)
    await store.reviews.open(shuffled)
    assert await store.reviews.progress(migration.id, 1) == {"U3": (0, 2), "U4": (0, 2)}
    assert await store.reviews.get("a0") == given[0]


async def test_each_sme_gets_their_pairs_in_order(store: Store) -> None:
    migration, given = await pairs(store)
    assert await store.reviews.next_for(migration.id, 1, "U3") == given[0]
    await store.reviews.prefer(preference(given[0]))
    assert await store.reviews.next_for(migration.id, 1, "U3") == given[2]
    await store.reviews.prefer(preference(given[2]))
    assert await store.reviews.next_for(migration.id, 1, "U3") is None
    assert await store.reviews.next_for(migration.id, 1, "U4") == given[1]
    assert await store.reviews.next_for(migration.id, 2, "U4") is None
    assert await store.reviews.progress(migration.id, 1) == {"U3": (2, 2), "U4": (0, 2)}


async def test_the_first_preference_stands(store: Store) -> None:
    _, given = await pairs(store)
    choices = [preference(given[0], choice) for choice in (Choice.A, Choice.B, Choice.SAME) * 5]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.reviews.prefer(p)) for p in choices]
    results = [task.result() for task in tasks]
    assert [won for _, won in results].count(True) == 1
    assert len({standing for standing, _ in results}) == 1
    event = (await store.audit.events())[-1]
    assert (event.actor, event.action) == ("U3", "preferred")
    assert json.loads(event.detail_json)["assignment"] == "a0"


async def test_a_preference_shows_on_every_card_that_counts_it(store: Store) -> None:
    migration, given = await pairs(store)
    question = Question(migration_id=migration.id, key="review:1", kind=QuestionKind.REVIEW, subject="1", asked_at=START)
    await store.questions.ask(question)
    key = f"review:{migration.id}:1:U3"
    await store.messages.show(key, migration_id=migration.id, channel="C1", place="U3", kind=MessageKind.REVIEW)
    before = {m.key: m.revision for m in await store.messages.of(migration.id)}
    await store.reviews.prefer(preference(given[0]))
    after = {m.key: m.revision for m in await store.messages.of(migration.id)}
    assert {k for k in after if after[k] == before[k] + 1} == {key, f"question:{migration.id}:review:1", f"status:{migration.id}"}


async def test_only_the_author_explains(store: Store) -> None:
    migration, given = await pairs(store)
    assert not await store.reviews.explain("a0", "U3", "too early")
    await store.reviews.prefer(preference(given[0]))
    assert not await store.reviews.explain("a0", "U4", "not mine")
    assert await store.reviews.explain("a0", "U3", "The date is right.")
    assert await store.reviews.preferences(migration.id, 1) == ((given[0], preference(given[0], reason="The date is right.")),)


async def test_a_closed_review_takes_nothing_more(store: Store) -> None:
    migration, given = await pairs(store)
    question = Question(migration_id=migration.id, key="review:1", kind=QuestionKind.REVIEW, subject="1", asked_at=START)
    await store.questions.ask(question)
    await store.reviews.prefer(preference(given[0]))
    await store.questions.close(migration.id, "review:1")
    with pytest.raises(RefusedError, match="closed"):
        await store.reviews.prefer(preference(given[1]))
    with pytest.raises(RefusedError, match="closed"):
        await store.reviews.explain("a0", "U3", "late")
    assert len(await store.reviews.preferences(migration.id, 1)) == 1


async def test_an_unknown_pair_is_refused(sqlite_store: Store) -> None:
    with pytest.raises(RefusedError, match="not known"):
        await sqlite_store.reviews.get("nothing")
