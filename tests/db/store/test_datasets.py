"""Datasets are frozen whole, once per content, and come back with the hash they had."""

import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Store
from db.records import MessageKind, Migration
from pipeline.errors import RefusedError
from pipeline.records import Dataset, Finding, PriorScores, RecordedOutput, Sample, Split, Usage
from tests.db.facts import dataset, frozen, opened

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 10**6)
recorded = st.builds(
    RecordedOutput,
    text=texts,
    latency_s=numbers,
    usage=st.none() | st.builds(Usage, input_tokens=st.integers(0), output_tokens=st.integers(0)),
)
prior = st.builds(PriorScores, judge=numbers, human=numbers, human_reason=st.none() | texts)
contents = st.builds(
    Sample, id=st.just("x"), variables=st.dictionaries(texts, texts, max_size=3), reference=st.none() | texts,
    recorded=st.none() | recorded, prior=st.none() | prior, cluster=st.none() | texts,
)  # fmt: skip


async def test_an_upload_is_noted_once(store: Store) -> None:
    migration = await opened(store)
    first = await store.datasets.add_upload("F1", migration.id, "tickets.csv", "files/F1", "U1")
    assert await store.datasets.add_upload("F1", migration.id, "other.csv", "files/F2", "U9") == first
    assert await store.datasets.upload("F1") == first
    assert await store.datasets.uploads(migration.id) == (first,)
    assert (first.name, first.state, first.refusal) == ("tickets.csv", "waiting", None)
    assert [e.action for e in await store.audit.events()] == ["opened", "uploaded"]


async def test_a_refused_upload_keeps_its_reason(store: Store) -> None:
    migration = await opened(store)
    await store.datasets.add_upload("F1", migration.id, "tickets.csv", "files/F1", "U1")
    refused = await store.datasets.refuse("F1", "The file has a header and no samples.")
    assert (refused.state, refused.refusal) == ("refused", "The file has a header and no samples.")
    assert (await store.datasets.refuse("F1", "Another reason.")).refusal == refused.refusal
    assert await told(store, migration) == [(MessageKind.PROBLEM, "", "The file has a header and no samples.", 1)]


async def told(store: Store, migration: Migration) -> list[tuple[MessageKind, str, str, int]]:
    """What the thread says of uploads."""
    messages = await store.messages.of(migration.id)
    return [(m.kind, m.subject, m.body, m.revision) for m in messages if m.place == "thread"]


async def test_a_dataset_is_frozen_once_per_content(store: Store) -> None:
    migration = await opened(store)
    first = await store.datasets.get(await frozen(store, migration, 5))
    assert (first.number, first.dev, first.test, first.hash) == (1, 3, 2, dataset(5).hash)
    await store.datasets.add_upload("again", migration.id, "again.csv", "files/2", "U1")
    for _ in range(2):
        assert await store.datasets.freeze("again", dataset(5)) == first
    assert await told(store, migration) == [(MessageKind.FINDINGS, first.id, "", 1)] * 2
    assert (await store.datasets.upload("again")).state == "frozen"
    await store.datasets.add_upload("more", migration.id, "more.csv", "files/3", "U1")
    second = await store.datasets.freeze("more", dataset(6))
    assert (second.number, second.source_name) == (2, "more.csv")
    assert await store.datasets.latest(migration.id) == second
    assert [e.action for e in await store.audit.events()].count("froze the dataset") == 2


async def test_a_dataset_comes_back_as_it_was(store: Store) -> None:
    migration = await opened(store)
    finding = Finding(level="warning", code="duplicate", message="Two samples are the same.", sample_ids=("s1", "s3"))
    given = replace(dataset(7), findings=(finding,))
    await store.datasets.add_upload("F1", migration.id, "tickets.csv", "files/F1", "U1")
    version = await store.datasets.freeze("F1", given)
    assert await store.datasets.load(version.id) == given
    assert await store.datasets.samples(version.id, Split.TEST) == given.in_split(Split.TEST)
    assert await store.datasets.samples(version.id) == given.samples


async def test_an_earlier_dataset_is_used_again(store: Store) -> None:
    first, second = await opened(store), await opened(store, origin="again")
    earlier = await store.datasets.get(await frozen(store, first, 6))
    version = await store.datasets.reuse(earlier.id, second.id, by="U1")
    assert (version.migration_id, version.number, version.hash) == (second.id, 1, earlier.hash)
    assert await store.datasets.reuse(earlier.id, second.id, by="U1") == version
    assert (await store.datasets.load(version.id)).hash == earlier.hash


@given(st.lists(contents, min_size=1, max_size=4))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_content_changes_its_hash(sqlite_store: Store, given: list[Sample]) -> None:
    migration = await opened(sqlite_store)
    samples = tuple(replace(sample, id=f"s{n}") for n, sample in enumerate(given))
    before = Dataset(samples=samples, splits={s.id: Split.DEV for s in samples})
    await sqlite_store.datasets.add_upload("F1", migration.id, "tickets.csv", "files/F1", "U1")
    version = await sqlite_store.datasets.freeze("F1", before)
    after = await sqlite_store.datasets.load(version.id)
    assert (after.hash, version.hash) == (before.hash, before.hash)


async def test_unknown_ids_are_refused(sqlite_store: Store) -> None:
    for ask in (sqlite_store.datasets.upload, sqlite_store.datasets.get, sqlite_store.datasets.load):
        with pytest.raises(RefusedError, match="again in"):
            await ask("nothing")
    migration = await opened(sqlite_store)
    assert await sqlite_store.datasets.latest(migration.id) is None


async def test_twenty_thousand_samples_are_frozen_quickly(store: Store) -> None:
    """Counted in seconds of this process, so that a busy machine does not decide."""
    migration = await opened(store)
    large = dataset(20_000)
    await store.datasets.add_upload("F1", migration.id, "large.csv", "files/F1", "U1")
    started = time.process_time()
    version = await store.datasets.freeze("F1", large)
    assert time.process_time() - started < 5
    assert (version.dev, version.test) == (10_000, 10_000)
