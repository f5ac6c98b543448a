"""From finished runs to the stored cells, and from the stored cells back to runs that can be compared."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from typing import TypeVar

from pipeline.decide.pairs import ScoreIndex, check_same_inputs, index
from pipeline.errors import InputError
from pipeline.hashing import content_hash
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.metric import CUT_OFF, Metric
from pipeline.metrics.registry import metric_named
from pipeline.records import Criteria, Failure, Lane, Output, PriorScores, RunResult, Sample, Score, Usage
from pipeline.report import calls
from pipeline.report.records import Evidence, MetricFacts, ReportInputs, RunFacts, ScoreColumn

VALUE_DIGITS, SECOND_DIGITS = 9, 6  # finer differences are noise of floats, and would make the hash depend on the machine
SEAL = 12  # hexadecimal characters: enough to name what changed; the report's hash is what binds
T = TypeVar("T")


def gather(inputs: ReportInputs) -> Evidence:
    """The cells of all runs over the samples in order of their ids.

    Raises InputError for runs over other inputs than the samples', scores of another run, and two arms of one label.
    """
    labels = {"source": "source", **{arm.label: arm.bar for arm in inputs.arms}}
    if len(labels) <= len(inputs.arms):
        raise InputError("Two runs of the report have the same model and name. Give each its own: rename a file of outputs.")
    samples = sorted(inputs.samples, key=lambda sample: sample.id)
    results = [inputs.source, *(arm.result for arm in inputs.arms)]
    for result in results[1:] or results:
        check_same_inputs(samples, inputs.source, result)
    names = dict.fromkeys([choice.metric for choice in inputs.criteria.metrics])
    names |= dict.fromkeys(sorted({score.metric for result in results for score in result.scores}))
    runs = tuple(_run(*named, result, samples, tuple(names)) for named, result in zip(labels.items(), results, strict=True))
    ids, paid = tuple(sample.id for sample in samples), {c.metric for run in runs for c in run.columns if c.calls}
    return Evidence(
        samples=ids,
        clusters=tuple(s.cluster for s in samples) if any(s.cluster is not None for s in samples) else (),
        metrics=tuple(_metric(name, samples, inputs.criteria, paid) for name in names),
        runs=runs,
        without_reference=tuple(s.id for s in samples if not (s.reference or "").strip()),
        prior_human={s.id: float(s.prior.human) for s in samples if s.prior and s.prior.human is not None},
        prior_judge={s.id: float(s.prior.judge) for s in samples if s.prior and s.prior.judge is not None},
        seals=seals(ids, runs),
    )


def _metric(name: str, samples: Sequence[Sample], criteria: Criteria, paid: Collection[str]) -> MetricFacts:
    """`paid` are metrics of which a cell cost something: a judge's, also where the catalogue does not know them."""
    metric = metric_named(name, criteria)
    reasons = {sample.id: reason for sample in samples if (reason := metric.excludes(sample)) is not None}
    judged = isinstance(metric, JudgedMetric)
    return MetricFacts(
        name=name,
        binary=metric.binary,
        judged=judged or name in paid or name.startswith("rubric:"),
        library=metric.library if isinstance(metric, JudgedMetric) else "",
        needs_reference=metric.needs_reference,
        needs_source=metric.needs_source,
        outside=reasons,
    )


def _run(label: str, bar: str, result: RunResult, samples: Sequence[Sample], names: Sequence[str]) -> RunFacts:
    ids = [sample.id for sample in samples]
    outputs, found = {o.sample_id: o for o in result.outputs}, index(result)
    usages = [output.usage if (output := outputs.get(i)) else None for i in ids]
    facts = RunFacts(
        label=label,
        bar=bar,
        key=result.key,
        columns=tuple(_column(name, ids, found) for name in names),
        latency_s=_times([o.latency_s if (o := outputs.get(i)) and _is_timed(o) else None for i in ids]),
        ttft_s=_times([o.ttft_s if (o := outputs.get(i)) and _is_timed(o) else None for i in ids]),
        input_tokens=_filled([u.input_tokens if u else None for u in usages]),
        output_tokens=_filled([u.output_tokens if u else None for u in usages]),
        failures={i: o.failure.kind for i in ids if (o := outputs.get(i)) and o.failure},
        stops={i: o.stop_reason for i in ids if (o := outputs.get(i)) and o.stop_reason in CUT_OFF and o.stop_reason},
        absent=tuple(i for i in ids if i not in outputs or (outputs[i].text is None and outputs[i].failure is None)),
        inputs_hash=content_hash({i: result.input_hashes.get(i) for i in ids}),
    )
    facts = replace(facts, **calls.told([outputs.get(i) for i in ids]))
    return replace(facts, seal=_seal(facts))


def _is_timed(output: Output) -> bool:
    """Whether its times are those of an answer: not of a failure, and not of a call made for throughput."""
    return output.text is not None and output.lane is not Lane.BULK


def _column(name: str, ids: Sequence[str], found: ScoreIndex) -> ScoreColumn:
    scores = [found.get((i, name)) for i in ids]
    spent = [score.spent if score else None for score in scores]
    paid = any(each is not None for each in spent)
    column = ScoreColumn(
        metric=name,
        values=tuple(None if s is None or s.value is None else round(float(s.value), VALUE_DIGITS) for s in scores),
        unscored={i: s.unscored for i, s in zip(ids, scores, strict=True) if s is not None and s.unscored is not None},
        calls=tuple(s.calls if s else 0 for s in spent) if paid else (),
        input_tokens=tuple(s.input_tokens if s else 0 for s in spent) if paid else (),
        output_tokens=tuple(s.output_tokens if s else 0 for s in spent) if paid else (),
        parts={i: s.parts for i, s in zip(ids, scores, strict=True) if s is not None and s.parts is not None},
    )
    return replace(column, seal=_seal(column))


def _times(values: Sequence[float | None]) -> tuple[float | None, ...]:
    return _filled([None if value is None else round(float(value), SECOND_DIGITS) for value in values])


def _filled(values: Sequence[T | None]) -> tuple[T | None, ...]:
    return tuple(values) if any(value is not None for value in values) else ()


def _seal(record: ScoreColumn | RunFacts) -> str:
    """A short hash of a column, or of what a run holds besides its columns, which have their own."""
    held = [(f, getattr(record, f.name)) for f in fields(record) if f.name not in {"seal", "columns"}]
    return content_hash({f.name: value for f, value in held if not (f.metadata and value == f.default)})[:SEAL]


def seals(ids: Sequence[str], runs: Sequence[RunFacts]) -> tuple[str, ...]:
    """A short hash of each sample's cells over all runs and metrics, times and tokens included."""
    series: list[Sequence[object]] = [ids]
    for run in runs:
        for column in run.columns:
            series += [column.values, [column.unscored.get(i) for i in ids] if column.unscored else ()]
            series += [column.calls, column.input_tokens, column.output_tokens]
            series += [[column.parts.get(i) for i in ids] if column.parts else ()]
        series += [run.latency_s, run.ttft_s, run.input_tokens, run.output_tokens]
        series += [run.cache_read_tokens, run.cache_write_tokens, run.tiers]
        series.append([(run.failures.get(i), run.stops.get(i)) for i in ids])
    rows = zip(*(each for each in series if each), strict=True)
    return tuple(sha256(json.dumps(row).encode()).hexdigest()[:SEAL] for row in rows)


def broken(evidence: Evidence) -> Iterator[str]:
    """Which stored cells do not fit their seals: by run and metric, and by sample."""
    now = seals(evidence.samples, evidence.runs) if _whole(evidence) else ()
    samples = [i for i, stored, found in zip(evidence.samples, evidence.seals, now, strict=False) if stored != found]
    where = f" (sample {', '.join(samples[:5])}{', ...' if len(samples) > 5 else ''})" if samples else ""
    for run in evidence.runs:
        for column in run.columns:
            if column.seal != _seal(column):
                yield f"the {column.metric} scores of {run.label}{where}"
        if run.seal != _seal(run):
            yield f"the times, tokens or failures of {run.label}{where}"
    if len(now) != len(evidence.samples) or len(evidence.seals) != len(evidence.samples):
        yield "the number of stored cells"


def _whole(evidence: Evidence) -> bool:
    n = len(evidence.samples)
    columns = [c for run in evidence.runs for c in run.columns]
    series = [
        *(s for c in columns for s in (c.values, c.calls, c.input_tokens, c.output_tokens)),
        *(s for run in evidence.runs for s in (run.latency_s, run.ttft_s, run.input_tokens, run.output_tokens)),
    ]
    return all(len(each) in {0, n} for each in series)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMetric(Metric):
    """A metric as a report stored it."""

    reasons: Mapping[str, str] = field(default_factory=dict)

    def excludes(self, sample: Sample) -> str | None:
        return self.reasons.get(sample.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The runs as a comparison takes them: samples without their texts, and outputs that only say whether there is one."""

    samples: tuple[Sample, ...]
    runs: Mapping[str, RunResult]
    metrics: Mapping[str, Metric]

    def metric(self, name: str, _: Criteria) -> Metric:
        return self.metrics[name]


def restore(evidence: Evidence) -> Restored:
    """What `gather` stored, as records. Every stand-in has the same empty input, so that inputs are equal by construction."""
    clusters = evidence.clusters or (None,) * len(evidence.samples)
    samples = tuple(
        Sample(id=i, variables={}, cluster=cluster, prior=_prior(evidence, i))
        for i, cluster in zip(evidence.samples, clusters, strict=True)
    )
    same = dict.fromkeys(evidence.samples, Sample(id="", variables={}).input_hash)
    metrics = {metric.name: _stored(metric) for metric in evidence.metrics}
    return Restored(samples=samples, metrics=metrics, runs={run.label: _result(run, evidence, same) for run in evidence.runs})


def _stored(facts: MetricFacts) -> StoredMetric:
    return StoredMetric(
        name=facts.name,
        summary="",
        binary=facts.binary,
        needs_reference=facts.needs_reference,
        needs_source=facts.needs_source,
        reasons=facts.outside,
    )


def _prior(evidence: Evidence, sample_id: str) -> PriorScores | None:
    human, judge = evidence.prior_human.get(sample_id), evidence.prior_judge.get(sample_id)
    return PriorScores(human=human, judge=judge) if human is not None or judge is not None else None


def _result(run: RunFacts, evidence: Evidence, hashes: Mapping[str, str]) -> RunResult:
    absent = frozenset(run.absent)
    n = len(evidence.samples)
    times = zip(evidence.samples, run.latency_s or (None,) * n, run.ttft_s or (None,) * n, strict=True)
    outputs = tuple(_output(run, i, latency, first) for i, latency, first in times if i not in absent)
    scores = tuple(score for column in run.columns for score in _scores(column, evidence.samples))
    return RunResult(key=run.key, label=run.label, outputs=outputs, scores=scores, input_hashes=hashes)


def _output(run: RunFacts, sample_id: str, latency_s: float | None, ttft_s: float | None) -> Output:
    kind = run.failures.get(sample_id)
    failure = Failure(kind=kind, message="") if kind else None
    text = None if failure else ""
    return Output(sample_id=sample_id, text=text, failure=failure, latency_s=latency_s, ttft_s=ttft_s)


def _scores(column: ScoreColumn, ids: Sequence[str]) -> Iterator[Score]:
    for sample_id, value in zip(ids, column.values, strict=True):
        unscored = column.unscored.get(sample_id)
        if value is not None or unscored is not None:
            yield Score(sample_id=sample_id, metric=column.metric, value=value, unscored=unscored)


def usages(run: RunFacts) -> list[Usage]:
    """Token counts of the outputs that carry them."""
    n = len(run.input_tokens)
    cached = zip(run.cache_read_tokens or (0,) * n, run.cache_write_tokens or (0,) * n, strict=True)
    return [
        Usage(input_tokens=a, output_tokens=b, cache_read_tokens=read, cache_write_tokens=written)
        for a, b, (read, written) in zip(run.input_tokens, run.output_tokens, cached, strict=True)
        if a is not None and b is not None
    ]


def tiers(run: RunFacts) -> list[str]:
    """The service tiers of the outputs that carry token counts; empty where none was told."""
    told = run.tiers or ("",) * len(run.input_tokens)
    return [tier for a, b, tier in zip(run.input_tokens, run.output_tokens, told, strict=True) if a is not None and b is not None]
