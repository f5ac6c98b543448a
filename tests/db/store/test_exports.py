"""Pages of outputs and scores are all of them, each once, on both databases."""

import pytest

from db import Store
from pipeline.records import Output, Score, Split
from tests.db.facts import frozen, opened, output, queued, score

IDS = ["s0", "s2", "S10", "s4", "é1", "Z"]


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_pages_hold_every_cell_once(store: Store, size: int) -> None:
    run = await queued(store, await opened(store), size=2 * len(IDS))
    scored = [score(each, metric=metric) for each in IDS for metric in ("b", "A", "a")]
    await store.runs.save(run.id, [output(each, f"text of {each}") for each in IDS], scored)
    found: list[Output] = []
    last = ""
    while page := await store.exports.outputs_after(run.id, last, size):
        found += page
        last = page[-1].sample_id
    assert sorted((each.sample_id, each.text) for each in found) == sorted((each, f"text of {each}") for each in IDS)
    cells: list[Score] = []
    after = ("", "")
    while part := await store.exports.scores_after(run.id, *after, size):
        cells += part
        after = (part[-1].metric, part[-1].sample_id)
    assert sorted((each.metric, each.sample_id) for each in cells) == sorted((each.metric, each.sample_id) for each in scored)


async def test_a_run_without_outputs_has_no_pages(store: Store) -> None:
    run = await queued(store, await opened(store))
    assert [page async for page in store.exports.outputs(run.id)] == []
    assert [page async for page in store.exports.scores(run.id)] == []


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_pages_hold_every_sample_of_a_split_in_the_order_of_the_file(store: Store, size: int) -> None:
    dataset_id = await frozen(store, await opened(store), 9)
    pages = [page async for page in store.exports.samples(dataset_id, Split.DEV, size)]
    assert [sample for page in pages for sample in page] == list(await store.datasets.samples(dataset_id, Split.DEV))
    assert all(len(page) <= size for page in pages)
    hashes = {sample.id: sample.input_hash for page in pages for sample in page}
    assert await store.exports.hashes(dataset_id, Split.DEV) == hashes


async def test_the_metrics_of_runs_are_those_with_a_score_or_a_reason(store: Store) -> None:
    run = await queued(store, await opened(store))
    scores = [score("s0", metric="a"), score("s0", None, metric="b", unscored="judge bad_json: no")]
    await store.runs.save(run.id, [output("s0")], scores)
    assert await store.exports.metrics([run.id]) == {"a", "b"}
    assert await store.exports.metrics(["another"]) == frozenset()
