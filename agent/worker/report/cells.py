"""The cells of a report, read from the store a page at a time: no run is ever held whole."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from db.records import Run
from db.store import Store
from pipeline.records import Criteria, Split
from pipeline.report.records import Evidence, RunFacts

PAGE = 2_000


Told = Callable[[int, int], Awaitable[None]]
"""Is told how many of how many runs are read."""


async def evidence(store: Store, criteria: Criteria, dataset_id: str, runs: Mapping[str, Run], told: Told) -> Evidence:
    """The stored cells of these runs by label, the source's first, over the test split of a dataset version.

    Raises InputError for a run over other inputs. Pages are worked off in a thread: the event loop is never kept for long.
    """
    from pipeline.report.gather import RunCells, SampleFacts, metric_names

    names = metric_names(criteria, await store.exports.metrics([run.id for run in runs.values()]))
    samples = await asyncio.to_thread(SampleFacts, criteria, names)
    async for page in store.exports.samples(dataset_id, Split.TEST, PAGE):
        await asyncio.to_thread(samples.add, page)
    facts: list[RunFacts] = []
    for label, run in runs.items():
        await told(len(facts), len(runs))
        cells = RunCells(samples, run.key, run.label, await store.exports.hashes(run.dataset_id, run.key.split))
        async for outputs in store.exports.outputs(run.id, PAGE):
            await asyncio.to_thread(cells.add_outputs, outputs)
        async for scores in store.exports.scores(run.id, PAGE):
            await asyncio.to_thread(cells.add_scores, scores)
        facts.append(await asyncio.to_thread(cells.facts, label, "source" if not facts else run.label))
    return await asyncio.to_thread(samples.evidence, facts)
