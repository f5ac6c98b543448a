"""One tick of a monitor: measure the signed target again, compare with its baseline, tell it once."""

import asyncio

from agent import arms, rounds
from agent.engine import WorkKind
from agent.worker.tools import Tools
from db.records import Digest, Monitor, Run, RunStatus
from pipeline.records import Split

LEASE_S = 60.0
TRIES_AGAIN = "Ferry tries again, ever more seldom, for four hours; after that, the next digest comes at its time."


async def digest(tools: Tools, monitor_id: str, tick: str) -> None:
    """As far as the facts allow: start the run, or tell what it found. The clock may have claimed the tick already."""
    monitor = await tools.store.monitors.get(monitor_id)
    claimed = await tools.store.monitors.claim(monitor_id, tick, tools.clock(), LEASE_S)
    found = claimed or await _standing(tools, monitor_id, tick)
    if found is None or found.state == "done":
        return
    baseline = await tools.store.runs.get(monitor.baseline_run)
    dataset = await tools.store.datasets.get(baseline.dataset_id)
    run = await tools.store.runs.add(arms.monitored(monitor, tick, dataset))
    await tools.store.monitors.attach(found.id, run.id)
    if run.status is RunStatus.DONE:
        await _tell(tools, monitor, found, run)
    elif run.status is not RunStatus.FAILED or claimed:
        await tools.store.runs.retry(run.id)
        await tools.engine.submit(WorkKind.RUN, run.id, run.id)


async def failed(tools: Tools, sentence: str, monitor_id: str, tick: str) -> None:
    """A digest that cannot be made is told in the thread and tried again, ever more seldom."""
    found = await _standing(tools, monitor_id, tick)
    if found is not None:
        await tools.store.monitors.fail(found.id, f"The digest could not be made. {sentence} {TRIES_AGAIN}", tools.clock())


async def _standing(tools: Tools, monitor_id: str, tick: str) -> Digest | None:
    return next((d for d in await tools.store.monitors.digests(monitor_id) if d.tick == tick), None)


async def _tell(tools: Tools, monitor: Monitor, found: Digest, run: Run) -> None:
    from pipeline.monitor.digest import digest as compared
    from pipeline.monitor.digest import dumps

    store = tools.store
    criteria = await rounds.criteria_of(store, run)
    baseline, now = await store.runs.result(monitor.baseline_run), await store.runs.result(run.id)
    samples = await tools.shelf.samples(run.dataset_id, Split.TEST)
    if criteria is None:
        return
    result = await asyncio.to_thread(compared, samples, baseline, now, criteria)
    await store.monitors.finish(found.id, dumps(result))
