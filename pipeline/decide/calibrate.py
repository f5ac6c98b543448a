"""Every agreement with people that a finished comparison allows: of judged metrics, and of the SMEs among themselves."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.decide.agreement import Said, agree_among_people, agree_on_pairs, agree_on_source
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.metric import Metric
from pipeline.metrics.registry import metric_named
from pipeline.records import Agreement, Criteria, RunResult, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A target's run with what SMEs said of its answers beside the source's."""

    run: RunResult
    said: tuple[Said, ...]


def agreements(
    criteria: Criteria,
    samples: Sequence[Sample],
    source: RunResult,
    reviewed: Sequence[Reviewed] = (),
    *,
    metric_of: Callable[[str, Criteria], Metric] = metric_named,
) -> tuple[Agreement, ...]:
    """One for each judged metric of the criteria that people can speak to, then one of the SMEs among themselves.

    A metric that compares with the source is held to SMEs' preferences over the pairs of all targets, any other to the human
    scores that came with the samples. Where nobody said anything there is none: the metric is then not validated.
    `metric_of` finds a metric by its name.
    """
    metrics = [metric_of(choice.metric, criteria) for choice in criteria.metrics]
    judged = [metric for metric in metrics if isinstance(metric, JudgedMetric)]
    said = [_of(word, place) for place, one in enumerate(reviewed) for word in one.said]
    return tuple(_each(criteria, judged, samples, source, reviewed, said))


def _each(
    criteria: Criteria,
    judged: Sequence[JudgedMetric],
    samples: Sequence[Sample],
    source: RunResult,
    reviewed: Sequence[Reviewed],
    said: Sequence[Said],
) -> Iterable[Agreement]:
    scored = any(s.prior is not None and s.prior.human is not None for s in samples)
    for metric in judged:
        if not metric.needs_source and scored:
            yield agree_on_source(metric.name, samples, source, confidence=criteria.confidence)
        if metric.needs_source and said:
            scores = [
                replace(s, sample_id=_key(place, s.sample_id)) for place, one in enumerate(reviewed) for s in one.run.scores
            ]
            yield agree_on_pairs(metric.name, scores, said, confidence=criteria.confidence)
    if said:
        yield agree_among_people(said, confidence=criteria.confidence)


def _of(said: Said, place: int) -> Said:
    """A pair is a sample with a target: the same sample of two targets is two pairs."""
    return replace(said, sample_id=_key(place, said.sample_id))


def _key(place: int, sample_id: str) -> str:
    return f"{place}:{sample_id}"
