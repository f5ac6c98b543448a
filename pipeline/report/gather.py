"""Finished runs into the stored cells, a page at a time: what is held is columns of numbers, never a run's answers."""

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pipeline.columns import Column, Counts, Numbers
from pipeline.decide.pairs import check_output, check_score, twice
from pipeline.hashing import large_hash
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.metric import CUT_OFF, Metric
from pipeline.metrics.registry import metric_named
from pipeline.records import Criteria, Output, RunKey, RunResult, Sample, Score
from pipeline.report.calls import CallCells, is_timed
from pipeline.report.evidence import seal, seals
from pipeline.report.records import Evidence, MetricFacts, ReportInputs, RunFacts, ScoreColumn, same_label

VALUE_DIGITS, SECOND_DIGITS = 9, 6  # finer differences are noise of floats, and would make the hash depend on the machine
T = TypeVar("T")


def gather(inputs: ReportInputs) -> Evidence:
    """The cells of all runs over the samples in order of their ids.

    Raises InputError for runs over other inputs than the samples', scores of another run, and two arms of one label.
    """
    results = {"source": inputs.source, **{arm.label: arm.result for arm in inputs.arms}}
    if len(results) <= len(inputs.arms):
        raise same_label()
    names = metric_names(inputs.criteria, {score.metric for result in results.values() for score in result.scores})
    samples = SampleFacts(inputs.criteria, names)
    samples.add(inputs.samples)
    bars = ["source", *(arm.bar for arm in inputs.arms)]
    runs = [_whole(samples, result).facts(label, bar) for (label, result), bar in zip(results.items(), bars, strict=True)]
    return samples.evidence(runs)


def metric_names(criteria: Criteria, scored: Collection[str]) -> tuple[str, ...]:
    """The metrics a report has columns for: those of the criteria in their order, then others that were scored."""
    return tuple(dict.fromkeys([*(choice.metric for choice in criteria.metrics), *sorted(scored)]))


def _whole(samples: "SampleFacts", result: RunResult) -> "RunCells":
    cells = RunCells(samples, result.key, result.label, result.input_hashes)
    cells.add_outputs(result.outputs)
    cells.add_scores(result.scores)
    return cells


class SampleFacts:
    """What a report stores of the samples, from pages of them in any order; runs are gathered once all samples are in."""

    def __init__(self, criteria: Criteria, metrics: Sequence[str]) -> None:
        self.metrics: Mapping[str, Metric] = {name: metric_named(name, criteria) for name in metrics}
        self.inputs: dict[str, str] = {}
        self._clusters: dict[str, str] = {}
        self._outside: dict[str, dict[str, str]] = {name: {} for name in metrics}
        self._without_reference: set[str] = set()
        self._human: dict[str, float] = {}
        self._judge: dict[str, float] = {}
        self._ordered: tuple[str, ...] | None = None
        self._places: dict[str, int] = {}
        self.same = Same()

    def add(self, page: Iterable[Sample]) -> None:
        for sample in page:
            self.inputs[sample.id] = sample.input_hash
            if sample.cluster is not None:
                self._clusters[sample.id] = self.same.of(sample.cluster)
            if not (sample.reference or "").strip():
                self._without_reference.add(sample.id)
            if sample.prior is not None and sample.prior.human is not None:
                self._human[sample.id] = float(sample.prior.human)
            if sample.prior is not None and sample.prior.judge is not None:
                self._judge[sample.id] = float(sample.prior.judge)
            for name, metric in self.metrics.items():
                if (reason := metric.excludes(sample)) is not None:
                    self._outside[name][sample.id] = self.same.of(reason)

    @property
    def ids(self) -> tuple[str, ...]:
        if self._ordered is None:
            self._ordered = tuple(sorted(self.inputs))
        return self._ordered

    @property
    def places(self) -> Mapping[str, int]:
        """The place of each sample in the columns."""
        if len(self._places) < len(self.ids):
            self._places = {name: place for place, name in enumerate(self.ids)}
        return self._places

    def evidence(self, runs: Iterable[RunFacts]) -> Evidence:
        """The stored cells: the source's run first, then the arms'."""
        held = tuple(runs)
        paid = {column.metric for run in held for column in run.columns if column.calls}
        return Evidence(
            samples=self.ids,
            clusters=tuple(map(self._clusters.get, self.ids)) if self._clusters else (),
            metrics=tuple(self._metric(name, metric, paid) for name, metric in self.metrics.items()),
            runs=held,
            without_reference=tuple(i for i in self.ids if i in self._without_reference),
            prior_human=in_order(self._human, self.ids),
            prior_judge=in_order(self._judge, self.ids),
            seals=seals(self.ids, held),
        )

    def _metric(self, name: str, metric: Metric, paid: Collection[str]) -> MetricFacts:
        """`paid` are metrics of which a cell cost something: a judge's, also where the catalogue does not know them."""
        judged = isinstance(metric, JudgedMetric)
        return MetricFacts(
            name=name,
            binary=metric.binary,
            judged=judged or name in paid or name.startswith("rubric:"),
            library=metric.library if isinstance(metric, JudgedMetric) else "",
            needs_reference=metric.needs_reference,
            needs_source=metric.needs_source,
            outside=in_order(self._outside[name], self.ids),
        )


class RunCells:
    """One run's cells, from pages of its outputs and then of their scores, each in any order.

    `hashes` prove by sample what the run saw. Adding raises InputError for another input than the sample's, for a sample that is
    not compared or answered twice, and for scores that are not of these outputs, stand twice or are no numbers.
    """

    def __init__(self, samples: SampleFacts, key: RunKey, label: str, hashes: Mapping[str, str]) -> None:
        n = len(samples.ids)
        self._samples, self._key, self._label, self._hashes = samples, key, label, hashes
        self._answered: set[str] = set()
        self._latency, self._ttft = Numbers.blank(n), Numbers.blank(n)
        self._input, self._output = Counts.blank(n), Counts.blank(n)
        self._calls = CallCells(n)
        self._failures: dict[str, str] = {}
        self._stops: dict[str, str] = {}
        self._silent: set[str] = set()
        self._columns = {name: _Cells(name, n) for name in samples.metrics}

    def add_outputs(self, page: Iterable[Output]) -> None:
        for output in page:
            check_output(output.sample_id, self._label, self._answered, self._samples.inputs, self._hashes)
            place = self._samples.places[output.sample_id]
            name = self._samples.ids[place]
            self._answered.add(name)
            self._calls.add(output, place)
            if is_timed(output):
                _set(self._latency, place, output.latency_s, SECOND_DIGITS)
                _set(self._ttft, place, output.ttft_s, SECOND_DIGITS)
            if output.text is None and output.failure is None:
                self._silent.add(name)
            if output.usage is not None:
                self._input[place], self._output[place] = output.usage.input_tokens, output.usage.output_tokens
            if output.failure is not None:
                self._failures[name] = self._samples.same.of(output.failure.kind)
            if output.stop_reason and output.stop_reason in CUT_OFF:
                self._stops[name] = self._samples.same.of(output.stop_reason)

    def add_scores(self, page: Iterable[Score]) -> None:
        for score in page:
            check_score(score, self._label, self._answered)
            place = self._samples.places[score.sample_id]
            if not self._columns[score.metric].add(score, place, self._samples.ids[place], self._samples.same):
                raise twice(score, self._label)

    def facts(self, label: str, bar: str) -> RunFacts:
        """The run as the report stores it; nothing can be added afterwards."""
        ids = self._samples.ids
        facts = RunFacts(
            label=label,
            bar=bar,
            key=self._key,
            columns=tuple(column.stored(ids) for column in self._columns.values()),
            latency_s=_filled(Numbers.of(self._latency)),
            ttft_s=_filled(Numbers.of(self._ttft)),
            input_tokens=_filled(Counts.of(self._input)),
            output_tokens=_filled(Counts.of(self._output)),
            failures=in_order(self._failures, ids),
            stops=in_order(self._stops, ids),
            absent=tuple(i for i in ids if i in self._silent or i not in self._answered),
            inputs_hash=large_hash({i: self._hashes.get(i) for i in ids}),
            **self._calls.told(),
        )
        return replace(facts, seal=seal(facts))


class _Cells:
    """One metric of one run while its scores come in."""

    def __init__(self, metric: str, n: int) -> None:
        self._metric, self._n = metric, n
        self._values = Numbers.blank(n)
        self._seen = bytearray(n)
        self._unscored: dict[str, str] = {}
        self._parts: dict[str, tuple[float, ...]] = {}
        self._spent: list[array[Any]] = []

    def add(self, score: Score, place: int, name: str, same: "Same") -> bool:
        """False where there is a score already. `name` is the sample's id."""
        if self._seen[place]:
            return False
        self._seen[place] = 1
        _set(self._values, place, score.value, VALUE_DIGITS)
        if score.unscored is not None:
            self._unscored[name] = same.of(score.unscored)
        if score.parts is not None:
            self._parts[name] = same.of(tuple(score.parts))
        if score.spent is not None:
            self._spent = self._spent or [array(Counts.code, [0]) * self._n for _ in range(3)]
            counts = (score.spent.calls, score.spent.input_tokens, score.spent.output_tokens)
            for held, count in zip(self._spent, counts, strict=True):
                held[place] = count
        return True

    def stored(self, ids: Sequence[str]) -> ScoreColumn:
        calls, input_tokens, output_tokens = [Counts.of(held) for held in self._spent] or [Counts()] * 3
        column = ScoreColumn(
            metric=self._metric,
            values=Numbers.of(self._values),
            unscored=in_order(self._unscored, ids),
            calls=calls,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            parts=in_order(self._parts, ids),
        )
        return replace(column, seal=seal(column))


class Same:
    """One object for equal texts and tuples: of a hundred thousand samples few say anything of their own."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}

    def of(self, value: T) -> T:
        found: T = self._known.setdefault(value, value)
        return found


def in_order(found: Mapping[str, T], ids: Sequence[str]) -> dict[str, T]:
    """What is known by sample, in the order of the samples."""
    return {i: found[i] for i in ids if i in found} if found else {}


def _set(held: "array[Any]", place: int, value: float | None, digits: int) -> None:
    if value is not None:
        held[place] = round(float(value), digits)


C = TypeVar("C", bound=Column[Any])


def _filled(column: C) -> C:
    """Empty where no output carries a value."""
    return column if column.known.any() else type(column)()
