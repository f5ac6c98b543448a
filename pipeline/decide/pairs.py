"""Brings two runs together sample by sample, and refuses runs that did not see the same inputs."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.metrics.metric import NO_SOURCE, Metric
from pipeline.records import RunResult, Sample, Score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ScoreIndex = Mapping[tuple[str, str], Score]
LEVEL = 0.5  # what a metric that compares with the source gives an answer that is as good


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One run's scores in one metric over the samples the metric applies to: how many there are, and why others have none."""

    scored: int
    missing: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Source and target values of one metric on the same samples, in the order of the samples.

    `samples` counts those the metric applies to (for all models alike), `outside` says why others are not among them.
    `clusters` numbers each pair's independent unit, in the order of the units' names; None when no two pairs share one.
    `worst_case` is the mean difference over the samples the source has a score for, with every missing target score as 0.
    """

    metric: str
    binary: bool
    ids: tuple[str, ...]
    source: "NDArray[np.float64]"
    target: "NDArray[np.float64]"
    clusters: "NDArray[np.int64] | None"
    samples: int
    outside: Mapping[str, int]
    source_side: Side
    target_side: Side
    worst_case: float | None

    @property
    def differences(self) -> "NDArray[np.float64]":
        return self.target - self.source


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """What pairs are made of: a value of either side for each of `ids`, NaN where there is none, and why there is none.

    `units` numbers each sample's independent unit, in the order of the units' names.
    """

    ids: Sequence[str]
    source: "NDArray[np.float64]"
    target: "NDArray[np.float64]"
    units: "NDArray[np.int64]"
    source_missing: Mapping[str, int]
    target_missing: Mapping[str, int]


def pair(samples: Sequence[Sample], source: ScoreIndex, target: ScoreIndex, metric: Metric) -> Pairs:
    """The pairs of one metric. Samples the metric cannot judge whatever a model answers are left aside and counted."""
    import numpy as np

    reasons = [metric.excludes(s) for s in samples]
    inside = [s for s, reason in zip(samples, reasons, strict=True) if reason is None]
    after, lacking = _side(inside, target, metric.name)
    before, absent = _level(inside, target, metric.name) if metric.needs_source else _side(inside, source, metric.name)
    sides = Sides(
        ids=[s.id for s in inside],
        source=np.asarray(before, dtype=float),
        target=np.asarray(after, dtype=float),
        units=unit_numbers([unit(s.id, s.cluster) for s in inside]),
        source_missing=absent,
        target_missing=lacking,
    )
    outside = Counter(reason for reason in reasons if reason is not None)
    return pairs_of(sides, metric.name, binary=metric.binary, outside=outside)


def pairs_of(sides: Sides, metric: str, *, binary: bool, outside: Mapping[str, int]) -> Pairs:
    """The pairs of one metric from both sides' values over the samples it applies to."""
    import numpy as np

    has_source, has_target = ~np.isnan(sides.source), ~np.isnan(sides.target)
    both = has_source & has_target
    return Pairs(
        metric=metric,
        binary=binary,
        ids=tuple(sides.ids) if both.all() else tuple(sides.ids[place] for place in np.flatnonzero(both).tolist()),
        source=sides.source[both],
        target=sides.target[both],
        clusters=shared(sides.units[both]),
        samples=len(sides.ids),
        outside=outside,
        source_side=Side(scored=int(has_source.sum()), missing=sides.source_missing),
        target_side=Side(scored=int(has_target.sum()), missing=sides.target_missing),
        worst_case=_worst(sides.source[has_source], np.nan_to_num(sides.target[has_source])),
    )


def _worst(before: "NDArray[np.float64]", after: "NDArray[np.float64]") -> float | None:
    """Summed one after the other: the sum of numpy's halves differs in the last bit."""
    return sum((after - before).tolist()) / len(before) if len(before) else None


def _side(samples: Sequence[Sample], scores: ScoreIndex, metric: str) -> tuple[list[float], Mapping[str, int]]:
    values: list[float] = []
    missing: Counter[str] = Counter()
    for sample in samples:
        score = scores.get((sample.id, metric))
        if score is not None and score.value is not None:
            values.append(score.value)
        else:
            values.append(nan)
            missing[cause(None if score is None else score.unscored or "unscored")] += 1
    return values, missing


def _level(samples: Sequence[Sample], target: ScoreIndex, metric: str) -> tuple[list[float], Mapping[str, int]]:
    """The source beside itself: as good, on every sample on which it answered at all."""
    absent = {s.id for s in samples if (score := target.get((s.id, metric))) is not None and score.unscored == NO_SOURCE}
    return [nan if s.id in absent else LEVEL for s in samples], {NO_SOURCE: len(absent)} if absent else {}


def cause(unscored: str | None) -> str:
    """The kind of reason, without what is particular to one sample; None where no score is stored."""
    return "no score stored" if unscored is None else unscored.partition(":")[0]


def together(samples: Iterable[Sample]) -> Mapping[str, str]:
    """The cluster of each sample that has one, by sample id."""
    return {sample.id: sample.cluster for sample in samples if sample.cluster is not None}


def unit(sample_id: str, cluster: str | None) -> str:
    """The independent unit of a sample: its cluster or itself."""
    return f"cluster {cluster}" if cluster is not None else f"sample {sample_id}"


def units(samples: Sequence[Sample]) -> tuple[str, ...] | None:
    """The independent unit of each sample; None when no two samples share one."""
    found = tuple(unit(s.id, s.cluster) for s in samples)
    return found if len(set(found)) < len(found) else None


def unit_numbers(named: Sequence[str]) -> "NDArray[np.int64]":
    """Units by number instead of name, in the order of their names."""
    import numpy as np

    numbers = {name: number for number, name in enumerate(sorted(set(named)))}
    return np.fromiter((numbers[name] for name in named), dtype=np.int64, count=len(named))


def shared(numbers: "NDArray[np.int64]") -> "NDArray[np.int64] | None":
    """These units, or None when no two samples share one."""
    import numpy as np

    return numbers if len(np.unique(numbers)) < len(numbers) else None


def index(run: RunResult) -> ScoreIndex:
    """Scores by (sample, metric). InputError for a score that stands twice, is of no output here, or is not a number."""
    answered = {o.sample_id for o in run.outputs}
    found: dict[tuple[str, str], Score] = {}
    for score in run.scores:
        check_score(score, run.label, answered)
        if (score.sample_id, score.metric) in found:
            raise twice(score, run.label)
        found[score.sample_id, score.metric] = score
    return found


def twice(score: Score, label: str) -> InputError:
    return InputError(f"Run {label} has two {score.metric} scores for sample {score.sample_id}. Score it once.")


def check_score(score: Score, label: str, answered: AbstractSet[str]) -> None:
    """InputError for a score of an output that is not there, or that is neither a number nor a reason."""
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
        check_output(output.sample_id, run.label, seen, inputs, run.input_hashes)
        seen.add(output.sample_id)


def check_output(name: str, label: str, seen: AbstractSet[str], inputs: Mapping[str, str], proven: Mapping[str, str]) -> None:
    """InputError unless sample `name` is answered once, is compared at all, and the run proves by hash what it saw of it."""
    if name in seen:
        raise InputError(f"Run {label} has two outputs for sample {name}. Keep one run's outputs together, once each.")
    if name not in inputs:
        raise InputError(
            f"Run {label} answers sample {name}, which is not among the samples compared: it is another run. "
            "Choose runs over the same dataset and split."
        )
    if name not in proven:
        raise InputError(f"Run {label} does not prove what it saw of sample {name} (no input hash). Run it again.")
    if proven[name] != inputs[name]:
        raise InputError(
            f"Run {label} saw another input for sample {name} than the dataset holds, so it cannot be compared. "
            "Run source and target over the same frozen dataset."
        )
