"""Scores a run's outputs as they come, one score per output and metric: by code in a loop, by judges many at once."""

from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Sequence
from contextlib import aclosing
from functools import partial

from pipeline.errors import InputError
from pipeline.metrics.judge.port import Bench
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.metric import CodeMetric
from pipeline.metrics.registry import catalog
from pipeline.pool import bounded
from pipeline.records import Criteria, Output, Sample, Score


def named(names: Iterable[str], criteria: Criteria | None = None) -> tuple[CodeMetric, ...]:
    """The code metrics of these names, checks of `criteria` among them. InputError for an unknown one, naming those there are."""
    known = {name: metric for name, metric in catalog(criteria).items() if isinstance(metric, CodeMetric)}
    wanted = tuple(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InputError(f"There is no metric called {unknown[0]}. Choose from: {', '.join(known)}.")
    return tuple(known[name] for name in wanted)


def score_run(
    samples: Iterable[Sample], outputs: Iterable[Output], names: Sequence[str], criteria: Criteria | None = None
) -> Iterator[Score]:
    """Every output scored by every code metric of `names` (checks of `criteria` among them), streaming over `outputs`.

    Raises InputError at once for an unknown metric, and on reaching an output of no sample here or the second one of a
    sample: outputs of another run must never be taken for this one's.
    """
    return score_with(samples, outputs, named(names, criteria))


def score_with(samples: Iterable[Sample], outputs: Iterable[Output], metrics: Sequence[CodeMetric]) -> Iterator[Score]:
    """As `score_run` with the metrics themselves."""
    return _scores({s.id: s for s in samples}, outputs, metrics)


async def score_judged(
    samples: Iterable[Sample],
    outputs: Iterable[Output],
    metrics: Sequence[JudgedMetric],
    bench: Bench,
    *,
    skip: Collection[tuple[str, str]] = (),
    source_outputs: Iterable[Output] = (),
    in_flight: int | None = None,
) -> AsyncGenerator[Score, None]:
    """Every output judged by each of `metrics` unless (sample id, metric name) is in `skip`, in the order they complete.

    At most `in_flight` cells are open (default: the bench's). `source_outputs` are what metrics compare with that need the
    source. What a judge fails to do is an unscored cell, never an exception. Stores nothing: close the iterator
    (`contextlib.aclosing`) to cancel what is open; to resume, run again with what is stored in `skip`, or over the same cache of
    rulings. Raises InputError for outputs of another run, as `score_run` does.
    """
    known, done = {s.id: s for s in samples}, frozenset(skip)
    source = {output.sample_id: output for _, output in _matched(known, source_outputs)}
    cells = (
        partial(metric.score, sample, output, bench, source.get(sample.id))
        for sample, output in _matched(known, outputs)
        for metric in metrics
        if (sample.id, metric.name) not in done
    )
    async with aclosing(bounded(cells, in_flight or bench.in_flight)) as scores:
        async for score in scores:
            yield score


def _scores(samples: dict[str, Sample], outputs: Iterable[Output], metrics: Sequence[CodeMetric]) -> Iterator[Score]:
    for sample, output in _matched(samples, outputs):
        yield from (metric.score(sample, output) for metric in metrics)


def _matched(samples: dict[str, Sample], outputs: Iterable[Output]) -> Iterator[tuple[Sample, Output]]:
    seen: set[str] = set()
    for output in outputs:
        if output.sample_id not in samples:
            raise InputError(
                f"These outputs answer sample {output.sample_id}, which the dataset does not have: they belong to another run. "
                "Score them with the dataset they were made from."
            )
        if output.sample_id in seen:
            raise InputError(f"Sample {output.sample_id} has two outputs. Keep one run's outputs in one file.")
        seen.add(output.sample_id)
        yield samples[output.sample_id], output
