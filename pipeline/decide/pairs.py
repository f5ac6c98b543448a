"""Brings two runs together sample by sample, and refuses runs that did not see the same inputs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from pipeline.errors import InputError
from pipeline.metrics.metric import NO_SOURCE, Metric
from pipeline.records import RunResult, Sample, Score

ScoreIndex = Mapping[tuple[str, str], Score]
LEVEL = 0.5  # what a metric that compares with the source gives an answer that is as good


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One run's scores in one metric over the samples the metric applies to: values by sample, and why others have none."""

    values: Mapping[str, float]
    missing: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Source and target values of one metric on the same samples, in the order of the samples.

    `samples` counts those the metric applies to (for all models alike), `outside` says why others are not among them.
    """

    metric: str
    binary: bool
    ids: tuple[str, ...]
    source: tuple[float, ...]
    target: tuple[float, ...]
    clusters: tuple[str, ...] | None
    samples: int
    outside: Mapping[str, int]
    source_side: Side
    target_side: Side

    @property
    def differences(self) -> tuple[float, ...]:
        return tuple(after - before for before, after in zip(self.source, self.target, strict=True))

    @property
    def worst_case(self) -> float | None:
        """Mean difference over the samples the source has a score for, with every missing target score as 0."""
        before = self.source_side.values
        if not before:
            return None
        return sum(self.target_side.values.get(i, 0.0) - value for i, value in before.items()) / len(before)


def pair(samples: Sequence[Sample], source: ScoreIndex, target: ScoreIndex, metric: Metric) -> Pairs:
    """The pairs of one metric. Samples the metric cannot judge whatever a model answers are left aside and counted."""
    reasons = {s.id: metric.excludes(s) for s in samples}
    inside = [s for s in samples if reasons[s.id] is None]
    after = _side(inside, target, metric.name)
    before = _level(inside, target, metric.name) if metric.needs_source else _side(inside, source, metric.name)
    paired = [s for s in inside if s.id in before.values and s.id in after.values]
    return Pairs(
        metric=metric.name,
        binary=metric.binary,
        ids=tuple(s.id for s in paired),
        source=tuple(before.values[s.id] for s in paired),
        target=tuple(after.values[s.id] for s in paired),
        clusters=units(paired),
        samples=len(inside),
        outside=Counter(reason for reason in reasons.values() if reason is not None),
        source_side=before,
        target_side=after,
    )


def _side(samples: Sequence[Sample], scores: ScoreIndex, metric: str) -> Side:
    values: dict[str, float] = {}
    missing: Counter[str] = Counter()
    for sample in samples:
        score = scores.get((sample.id, metric))
        if score is not None and score.value is not None:
            values[sample.id] = score.value
        else:
            missing[_cause(score)] += 1
    return Side(values=values, missing=missing)


def _level(samples: Sequence[Sample], target: ScoreIndex, metric: str) -> Side:
    """The source beside itself: as good, on every sample on which it answered at all."""
    absent = {s.id for s in samples if (score := target.get((s.id, metric))) is not None and score.unscored == NO_SOURCE}
    missing = {NO_SOURCE: len(absent)} if absent else {}
    return Side(values={s.id: LEVEL for s in samples if s.id not in absent}, missing=missing)


def _cause(score: Score | None) -> str:
    """The kind of reason, without what is particular to one sample."""
    return "no score stored" if score is None else (score.unscored or "unscored").partition(":")[0]


def units(samples: Sequence[Sample]) -> tuple[str, ...] | None:
    """The independent unit of each sample, its cluster or itself; None when no two samples share one."""
    found = tuple(f"cluster {s.cluster}" if s.cluster is not None else f"sample {s.id}" for s in samples)
    return found if len(set(found)) < len(found) else None


def index(run: RunResult) -> ScoreIndex:
    """Scores by (sample, metric). InputError for a score that stands twice, is of no output here, or is not a number."""
    answered = {o.sample_id for o in run.outputs}
    found: dict[tuple[str, str], Score] = {}
    for score in run.scores:
        _check_score(score, run.label, answered)
        if (score.sample_id, score.metric) in found:
            raise InputError(f"Run {run.label} has two {score.metric} scores for sample {score.sample_id}. Score it once.")
        found[score.sample_id, score.metric] = score
    return found


def _check_score(score: Score, label: str, answered: set[str]) -> None:
    if score.sample_id not in answered:
        raise InputError(
            f"Run {label} has a score for sample {score.sample_id} but no output for it: the scores are of another run. "
            "Score this run's own outputs."
        )
    if (score.value is None) == (score.unscored is None) or not isfinite(score.value or 0.0):
        raise InputError(
            f"Run {label} has a {score.metric} score for sample {score.sample_id} that is neither a number nor a reason why "
            "there is none. Score the run again."
        )


def check_same_inputs(samples: Sequence[Sample], source: RunResult, target: RunResult) -> None:
    """InputError unless both runs prove by hash that they saw exactly these samples' inputs and no others."""
    inputs = {s.id: s.input_hash for s in samples}
    for run in (source, target):
        _check_inputs(inputs, run)


def _check_inputs(inputs: Mapping[str, str], run: RunResult) -> None:
    seen: set[str] = set()
    for output in run.outputs:
        name = output.sample_id
        if name in seen:
            raise InputError(f"Run {run.label} has two outputs for sample {name}. Keep one run's outputs together, once each.")
        seen.add(name)
        if name not in inputs:
            raise InputError(
                f"Run {run.label} answers sample {name}, which is not among the samples compared: it is another run. "
                "Choose runs over the same dataset and split."
            )
        if name not in run.input_hashes:
            raise InputError(f"Run {run.label} does not prove what it saw of sample {name} (no input hash). Run it again.")
        if run.input_hashes[name] != inputs[name]:
            raise InputError(
                f"Run {run.label} saw another input for sample {name} than the dataset holds, so it cannot be compared. "
                "Run source and target over the same frozen dataset."
            )
