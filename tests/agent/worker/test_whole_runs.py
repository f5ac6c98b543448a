"""Runs with their texts: all of a report of usual size, some of a large one, and the texts of what is quoted."""

from agent.worker.report.whole import quotes, whole
from db import Store
from db.records import Run
from pipeline.report.build import unquoted
from tests.db.facts import opened, output, queued, score


async def answered(store: Store) -> dict[str, Run]:
    """Two runs over the six samples of dev."""
    migration = await opened(store)
    runs = {"source": await queued(store, migration, size=12)}
    runs["a · winner"] = await queued(store, migration, run_id="r2", size=12, model="b")
    for label, run in runs.items():
        ids = [f"s{n}" for n in range(0, 12, 2)]
        await store.runs.save(run.id, [output(i, f"{label} says {i}") for i in ids], [score(i) for i in ids])
    return runs


async def test_few_samples_are_read_whole(store: Store) -> None:
    runs = await answered(store)
    ids = tuple(sorted(f"s{n}" for n in range(0, 12, 2)))
    found = await whole(store, runs["source"].dataset_id, ids, runs)
    assert found.grouped == 0
    assert {sample.id for sample in found.samples} == set(ids)
    for label, run in runs.items():
        assert found.runs[label] == (await store.runs.result(run.id))


async def test_of_many_some_are_read_spread_evenly_and_those_that_people_reviewed(store: Store) -> None:
    runs = await answered(store)
    ids = tuple(sorted(f"s{n}" for n in range(0, 12, 2)))  # s0 s10 s2 s4 s6 s8
    found = await whole(store, runs["source"].dataset_id, ids, runs, reviewed={"s8", "elsewhere"}, large=2)
    assert [sample.id for sample in found.samples] == ["s0", "s4", "s8"]
    assert found.grouped == 3
    for run in found.runs.values():
        assert [output.sample_id for output in run.outputs] == ["s0", "s4", "s8"]
    assert {score.sample_id for score in found.runs["source"].scores} == {"s0", "s4", "s8"}


async def test_a_quoted_regression_has_the_texts_of_its_sample(store: Store) -> None:
    runs = await answered(store)
    bare = [unquoted("a · winner", "exact_match", name) for name in ("s4", "s10")]
    found = await quotes(store, runs["source"].dataset_id, runs, bare)
    assert [(r.sample_id, r.question, r.source_text, r.target_text, r.reference) for r in found] == [
        (name, f"How {name[1:]}?", f"source says {name}", f"a · winner says {name}", f"So {name[1:]}.") for name in ("s4", "s10")
    ]
    assert await quotes(store, runs["source"].dataset_id, runs, []) == ()
