"""Scores a run's outputs as they come, one score per output and metric."""

from collections.abc import Iterable, Iterator, Sequence

from pipeline.errors import InputError
from pipeline.metrics.metric import CodeMetric
from pipeline.metrics.registry import METRICS
from pipeline.records import Output, Sample, Score


def named(names: Iterable[str]) -> tuple[CodeMetric, ...]:
    """The metrics of these names. InputError for an unknown one, naming those that exist."""
    wanted = tuple(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in METRICS]
    if unknown:
        raise InputError(f"There is no metric called {unknown[0]}. Choose from: {', '.join(METRICS)}.")
    return tuple(METRICS[name] for name in wanted)


def score_run(samples: Iterable[Sample], outputs: Iterable[Output], names: Sequence[str]) -> Iterator[Score]:
    """Every output scored by every metric of `names`, streaming over `outputs`.

    Raises InputError at once for an unknown metric, and on reaching an output of no sample here or the second one of a
    sample: outputs of another run must never be taken for this one's.
    """
    return _scores({s.id: s for s in samples}, outputs, named(names))


def _scores(samples: dict[str, Sample], outputs: Iterable[Output], metrics: Sequence[CodeMetric]) -> Iterator[Score]:
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
        yield from (metric.score(samples[output.sample_id], output) for metric in metrics)
