"""What a run's stored outputs are worth: cells without a score are filled, by code at once, by the plan's judge in spans."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import aclosing

from agent import measured, rounds
from agent.engine import WorkKind
from agent.worker import evaluations
from agent.worker.attend import attend
from agent.worker.sink import JUDGE_BUDGET, JUDGE_STOPPERS, JUDGE_THROTTLED, ScoreSink
from agent.worker.tools import Tools
from db.records import Run
from pipeline.errors import InputError, PermanentError, TemporaryError
from pipeline.metrics import Metric, code_metrics, score_judged, score_with
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.records import Criteria, Output, Sample, Score

SPAN = 50


async def owed(tools: Tools, run: Run) -> bool:
    """Whether cells still wait for the judge or a second opinion, which are asked. Cells of code are filled on the way."""
    criteria = await rounds.criteria_of(tools.store, run)
    if criteria is None:
        return False
    await _by_code(tools, run, criteria)
    metrics = measured.judged(run, criteria)
    waiting = await _waiting(tools, run, metrics)
    if waiting and criteria.judge is None:
        raise InputError(f"{metrics[0].name} needs a judge, and the plan names none. Name one with Change on the plan.")
    samples = await tools.shelf.of_run(run)
    for low, high in spans(samples, waiting):
        await tools.engine.submit(WorkKind.JUDGE, f"{run.id}:{low}:{high}", run.id, str(low), str(high))
    second = await evaluations.owed(tools, run, criteria)
    return bool(waiting) or second


def spans(samples: Sequence[Sample], waiting: Collection[str]) -> Iterator[tuple[int, int]]:
    """The spans of fixed size, as positions in the split, that hold a sample of `waiting`."""
    for low in range(0, len(samples), SPAN):
        if any(sample.id in waiting for sample in samples[low : low + SPAN]):
            yield low, min(low + SPAN, len(samples))


async def judge(tools: Tools, run_id: str, low: str, high: str) -> None:
    """Ask the judge about the cells of one span that have no score; each is committed before the next takes its place."""
    run = await tools.store.runs.get(run_id)
    criteria = await rounds.criteria_of(tools.store, run)
    if criteria is None or criteria.judge is None or await tools.may_spend(run_id) is None:
        return
    samples = (await tools.shelf.of_run(run))[int(low) : int(high)]
    metrics, ids = measured.judged(run, criteria), {sample.id for sample in samples}
    outputs = await tools.store.runs.outputs(run_id, ids)
    kept = {(score.sample_id, score.metric) for score in await tools.store.runs.scores(run_id, ids)}
    sources = await _sources(tools, run, metrics, ids)
    bench = await tools.shelf.bench(criteria.judge)
    asked = score_judged(samples, outputs, metrics, bench, skip=kept, source_outputs=sources)
    sink, halt = ScoreSink(tools.store, run_id), asyncio.Event()
    try:
        await attend(tools, run_id, asyncio.create_task(_keep(asked, sink, halt)), halt)
    finally:
        await sink.drain()


async def _keep(asked: AsyncGenerator[Score, None], sink: ScoreSink, halt: asyncio.Event) -> None:
    """A cell that was throttled, or that the budget did not allow, says nothing about its answer: it waits for another time."""
    throttled = 0
    async with aclosing(asked) as scores:
        async for score in scores:
            kind = _go_on(score)
            throttled += kind == JUDGE_THROTTLED
            if kind not in {JUDGE_THROTTLED, JUDGE_BUDGET}:
                await sink.keep(score)
            if halt.is_set():
                return
    if throttled:
        raise TemporaryError(
            f"The judge is being throttled: {throttled:,} scores still wait for it, all others are kept. "
            "Wait until its quota recovers or ask for a higher one, then press Retry."
        )


def _go_on(score: Score) -> str:
    """Why there is no score. Raises PermanentError for what every cell would meet: somebody has to change something first."""
    kind, _, message = (score.unscored or "").partition(": ")
    if kind in JUDGE_STOPPERS:
        raise PermanentError(f"The judge cannot be asked: {message}")
    return kind


async def judged_whole(tools: Tools, run: Run) -> bool:
    """Whether every cell has what the judge said, in this span and in all others."""
    criteria = await rounds.criteria_of(tools.store, run)
    names = [metric.name for metric in measured.judged(run, criteria)] if criteria else []
    return not names or await tools.store.runs.is_scored(run.id, names)


async def _by_code(tools: Tools, run: Run, criteria: Criteria) -> None:
    """Outputs are scored as they are stored; here only what a later plan asks for besides."""
    metrics = code_metrics(criteria)
    waiting = await _waiting(tools, run, metrics)
    if not waiting:
        return
    samples = await tools.shelf.of_run(run)
    outputs = [output for output in await tools.store.runs.outputs(run.id) if output.sample_id in waiting]
    scores = await asyncio.to_thread(lambda: tuple(score_with(samples, outputs, metrics)))
    await tools.store.runs.save(run.id, (), scores)


async def _waiting(tools: Tools, run: Run, metrics: Sequence[Metric]) -> frozenset[str]:
    names = [metric.name for metric in metrics]
    return await tools.store.runs.unscored(run.id, names) if names else frozenset()


async def _sources(tools: Tools, run: Run, metrics: Sequence[JudgedMetric], ids: Collection[str]) -> Sequence[Output]:
    """What the source answered to these samples, for metrics that compare with it."""
    if not any(metric.needs_source for metric in metrics):
        return ()
    source = await rounds.source_run(tools.store, run.migration_id, run.dataset_id, run.key.split)
    return await tools.store.runs.outputs(source.id, ids)
