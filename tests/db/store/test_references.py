"""Doubted references: asked about once, answered once, by whom; and the version that corrects them."""

import asyncio
import json
from dataclasses import replace

import pytest

from db import Store
from db.keys import corrections_card, references_card, status_card
from db.records import MessageKind, Migration, ReferenceAnswer, ReferenceCheck
from pipeline.dataset.correct import corrected
from pipeline.errors import RefusedError
from tests.db.facts import dataset, frozen, opened
from tests.stores import START

KEEP, FIX, UNSURE = ReferenceAnswer.KEEP, ReferenceAnswer.FIX, ReferenceAnswer.UNSURE


async def asked(store: Store, size: int = 4) -> tuple[Migration, tuple[ReferenceCheck, ...]]:
    """Checks of s0, s1, ... given to two SMEs in turn."""
    migration = await opened(store)
    dataset_id = await frozen(store, migration)
    given = tuple(
        ReferenceCheck(
            id=f"c{n}", migration_id=migration.id, round=1, dataset_id=dataset_id, sample_id=f"s{n}", sme=("U3", "U4")[n % 2],
            position=n, why="Models agree.", suggestion=f"Better {n}.",
        )
        for n in range(size)
    )  # fmt: skip
    await store.references.open(given)
    return migration, given


async def test_a_sample_is_asked_about_once_in_a_migration(store: Store) -> None:
    migration, given = await asked(store)
    await store.references.open(given)
    await store.references.open([replace(c, id=f"again-{c.id}", round=2, sme="U9") for c in given])
    assert await store.references.listed(migration.id) == given
    assert await store.references.listed(migration.id, 2) == ()
    assert await store.references.progress(migration.id, 1) == {"U3": (0, 2), "U4": (0, 2)}


async def test_each_sme_gets_their_references_in_order(store: Store) -> None:
    migration, given = await asked(store)
    assert await store.references.next_for(migration.id, 1, "U3") == given[0]
    standing, first = await store.references.answer("c0", UNSURE, by="U3", at=START)
    assert (standing, first) == (replace(given[0], answer=UNSURE, by="U3", at=START), True)
    assert await store.references.next_for(migration.id, 1, "U3") == given[2]
    assert await store.references.next_for(migration.id, 1, "U4") == given[1]
    assert await store.references.next_for(migration.id, 2, "U4") is None


async def test_the_first_answer_stands_and_is_in_the_chain(store: Store) -> None:
    migration, _ = await asked(store)
    answers = [(FIX, "One."), (KEEP, None), (FIX, "Two."), (UNSURE, None)] * 3
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(store.references.answer("c0", answer, by="U3", at=START, reference=text))
            for answer, text in answers
        ]
    results = [task.result() for task in tasks]
    assert [first for _, first in results].count(True) == 1
    assert len({check for check, _ in results}) == 1
    events = [e for e in await store.audit.events(migration.id) if e.action == "checked a reference"]
    assert [(e.actor, json.loads(e.detail_json)["sample"]) for e in events] == [("U3", "s0")]
    assert await store.audit.verify() is None


async def test_an_answer_shows_on_every_card_that_tells_it(store: Store) -> None:
    migration, _ = await asked(store)
    keys = (references_card(migration.id, 1, "U3"), corrections_card(migration.id, 1))
    for key in keys:
        await store.messages.show(key, migration_id=migration.id, channel="C1", place="U3", kind=MessageKind.REFERENCES)
    before = {m.key: m.revision for m in await store.messages.of(migration.id)}
    await store.references.answer("c0", KEEP, by="U3", at=START)
    after = {m.key: m.revision for m in await store.messages.of(migration.id)}
    assert {k for k in after if after[k] == before[k] + 1} == {*keys, status_card(migration.id)}


@pytest.mark.parametrize("text", [None, "", "  "])
async def test_a_fix_that_says_nothing_and_an_unknown_check_are_refused(store: Store, text: str | None) -> None:
    migration, given = await asked(store)
    with pytest.raises(RefusedError, match="has to say something"):
        await store.references.answer("c0", FIX, by="U3", at=START, reference=text)
    with pytest.raises(RefusedError, match="not asked about"):
        await store.references.answer("nothing", KEEP, by="U3", at=START)
    assert await store.references.listed(migration.id) == given


async def test_a_correction_is_the_next_version_of_the_newest_and_of_no_other(store: Store) -> None:
    migration, given = await asked(store)
    base, fixed = given[0].dataset_id, corrected(dataset(4), {"s0": "Better."}, ["U3"])
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.datasets.correct(base, fixed)) for _ in range(4)]
    made = {task.result().id for task in tasks if task.result() is not None}  # type: ignore[union-attr]
    newest = await store.datasets.latest(migration.id)
    assert newest
    assert made == {newest.id}
    assert (newest.number, newest.hash, newest.source_name) == (2, fixed.hash, "tickets.csv")
    assert (await store.datasets.load(newest.id)).hash == fixed.hash
    assert await store.datasets.correct(base, corrected(dataset(4), {"s1": "Better."}, ["U3"])) is None
    chosen = await store.datasets.chosen(newest.id, ["s0", "s1", "nothing"])
    assert {i: s.reference for i, s in chosen.items()} == {"s0": "Better.", "s1": "So 1."}
