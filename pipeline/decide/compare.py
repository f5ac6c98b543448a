"""Compares runs with the source's run, metric by metric: figures over the pairs, a verdict, and what got better and worse."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.decide.pairs import Pairs, ScoreIndex, Side, check_same_inputs, index, pair
from pipeline.decide.statistics import bootstrap_interval, holm
from pipeline.decide.verdict import Estimate, claims, decide, estimate, needed
from pipeline.decide.wording import Summary, Told, counts, scored, sentence, summary
from pipeline.metrics.metric import Metric
from pipeline.metrics.registry import metric_named
from pipeline.records import Claims, Comparison, Coverage, Criteria, Interval, MetricChoice, RunResult, Sample, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIGITS = 6  # figures are rounded after the verdict, so that a last-bit difference between machines changes no hash
ALIKE = 1e-9  # 0.95 - 1.0 is a hair below -0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One metric of one target before its verdict; `gap` says why there can be none.

    `found` is the comparison without a verdict: means over what happens to be scored would flatter the run that lost more, so
    only the worst case is given. Nothing here grows with the pairs but the names of those that moved.
    """

    choice: MetricChoice
    summary: Summary
    found: Comparison
    estimate: Estimate | None
    bootstrap: Interval | None
    gap: str | None

    @property
    def claims(self) -> Claims:
        return Claims() if self.gap or self.estimate is None else claims(self.estimate, self.choice.margin)


def compare(samples: Sequence[Sample], source: RunResult, target: RunResult, criteria: Criteria) -> tuple[Comparison, ...]:
    """One comparison per metric of `criteria`, in that order; Holm over its primary metrics.

    Raises InputError unless both runs saw exactly these samples' inputs, each once, and hold scores of their own outputs.
    """
    return compare_all(samples, source, (target,), criteria)[0]


def compare_all(
    samples: Sequence[Sample],
    source: RunResult,
    targets: Sequence[RunResult],
    criteria: Criteria,
    *,
    metric_of: Callable[[str, Criteria], Metric] = metric_named,
) -> tuple[tuple[Comparison, ...], ...]:
    """As `compare` for several targets at once: Holm over the primary metrics of all of them.

    `metric_of` finds a metric by its name; a report that is recomputed brings what it stored of them.
    """
    for target in targets:
        check_same_inputs(samples, source, target)
    metrics = [metric_of(choice.metric, criteria) for choice in criteria.metrics]
    return compare_pairs((_pairs(samples, index(source), index(target), metrics) for target in targets), criteria)


def _pairs(samples: Sequence[Sample], before: ScoreIndex, after: ScoreIndex, metrics: Sequence[Metric]) -> Iterator[Pairs]:
    return (pair(samples, before, after, metric) for metric in metrics)


def compare_pairs(targets: Iterable[Iterable[Pairs]], criteria: Criteria) -> tuple[tuple[Comparison, ...], ...]:
    """As `compare_all` from each target's pairs, one for each metric of `criteria` in that order; pairs are let go one by one."""
    evidence = [[_evidence(*each, criteria) for each in zip(criteria.metrics, pairs, strict=True)] for pairs in targets]
    family = [item for items in evidence for item in items if item.choice.primary]
    adjusted = dict(zip(map(id, family), _adjusted([item.claims for item in family]), strict=True))
    return tuple(tuple(_comparison(item, adjusted.get(id(item)), len(family), criteria) for item in items) for items in evidence)


def _evidence(choice: MetricChoice, pairs: Pairs, criteria: Criteria) -> Evidence:
    """Only a metric that is primary has the costly bootstrap."""
    gap, found = _gap(pairs, criteria.coverage_gate), estimate(pairs)
    drawn = choice.primary and gap is None and found is not None
    return Evidence(
        choice=choice,
        summary=summary(pairs),
        found=_without_verdict(choice, pairs),
        estimate=found,
        bootstrap=bootstrap_interval(pairs.differences, pairs.clusters, confidence=criteria.confidence) if drawn else None,
        gap=gap,
    )


def _gap(pairs: Pairs, gate: float) -> str | None:
    """Why the metric covers too little for a verdict, with what to repair; None when it covers enough."""
    if pairs.samples == 0:
        return (
            f"{pairs.metric} applies to none of the samples ({counts(pairs.outside)}). Add references or choose another metric."
        )
    for name, side in (("source", pairs.source_side), ("target", pairs.target_side)):
        if side.scored < gate * pairs.samples:
            return _repair(name, side, pairs, gate)
    return None


def _repair(name: str, side: Side, pairs: Pairs, gate: float) -> str:
    lacking = pairs.samples - side.scored
    answered = all(cause.startswith(("judge ", "no score")) for cause in side.missing)
    again = f"score the {name}'s run again" if answered else f"run the missing samples of the {name} again"
    return (
        f"{lacking} of {pairs.samples} samples have no {pairs.metric} score for the {name} ({counts(side.missing)}). There is "
        f"no verdict below {gate:.0%} coverage: repair the cause, {again}, then compare."
    )


def _adjusted(family: Sequence[Claims]) -> Iterable[Claims]:
    """Holm for each kind of claim over the family."""
    better, not_worse, worse = (
        holm([claim.better for claim in family]),
        holm([claim.not_worse for claim in family]),
        holm([claim.worse for claim in family]),
    )
    return [Claims(better=b, not_worse=n, worse=w) for b, n, w in zip(better, not_worse, worse, strict=True)]


def _comparison(item: Evidence, adjusted: Claims | None, family: int, criteria: Criteria) -> Comparison:
    """`adjusted` is None for a metric that is not primary: it describes, uncorrected."""
    if item.gap is not None or item.estimate is None:
        why = item.gap or f"No sample has a score from both the source and the target.{scored(item.summary)}"
        return replace(item.found, reason=why)
    found = item.estimate
    told = _told(item, found, adjusted or item.claims, family if item.choice.primary else 1, criteria)
    return replace(
        item.found,
        reason=sentence(told) + _left_aside(item.summary),
        source_mean=_rounded(item.summary.source_mean),
        target_mean=_rounded(item.summary.target_mean),
        difference=_rounded(found.paired.mean),
        interval=_rounded_interval(found.interval(criteria.confidence)),
        verdict=told.verdict,
        needed=told.enough,
        method=found.method(criteria.confidence),
        bootstrap=_rounded_interval(told.bootstrap),
        p=_rounded_claims(item.claims),
        adjusted=_rounded_claims(adjusted),
        mcnemar=_rounded(found.mcnemar),
        clusters=found.paired.units if item.summary.clustered else None,
    )


def _told(item: Evidence, found: Estimate, claimed: Claims, family: int, criteria: Criteria) -> Told:
    verdict = decide(claimed, criteria.confidence)
    unclear, margin = verdict is Verdict.CANNOT_TELL, item.choice.margin
    return Told(
        of=item.summary,
        found=found,
        verdict=verdict,
        margin=margin,
        confidence=criteria.confidence,
        enough=needed(found, margin, criteria.confidence, family) if unclear else None,
        bootstrap=item.bootstrap,
    )


def _without_verdict(choice: MetricChoice, pairs: Pairs) -> Comparison:
    improved, regressed = _moved(pairs, choice.margin)
    return Comparison(
        metric=choice.metric,
        primary=choice.primary,
        margin=choice.margin,
        pairs=len(pairs.ids),
        samples=pairs.samples,
        source_mean=None,
        target_mean=None,
        difference=None,
        interval=None,
        worst_case=_rounded(pairs.worst_case),
        verdict=Verdict.CANNOT_TELL,
        reason="",
        improved=improved,
        regressed=regressed,
        source_coverage=_coverage(pairs.source_side),
        target_coverage=_coverage(pairs.target_side),
    )


def _coverage(side: Side) -> Coverage:
    return Coverage(scored=side.scored, missing=dict(sorted(side.missing.items())))


def _moved(pairs: Pairs, margin: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Samples whose score rose and fell by more than the margin, the largest change first."""
    differences = pairs.differences
    improved = _ranked(pairs, differences, differences > margin + ALIKE)
    return improved[::-1], _ranked(pairs, differences, differences < -margin - ALIKE)


def _ranked(pairs: Pairs, differences: "NDArray[np.float64]", chosen: "NDArray[np.bool_]") -> tuple[str, ...]:
    """The chosen samples by difference, lowest first, then by id."""
    places = chosen.nonzero()[0].tolist()
    ranked = sorted(zip(differences[chosen].tolist(), (pairs.ids[place] for place in places), strict=True))
    return tuple(name for _, name in ranked)


def _left_aside(of: Summary) -> str:
    return f" Left aside: {counts(of.outside)}." if of.outside else ""


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def _rounded_interval(interval: Interval | None) -> Interval | None:
    return None if interval is None else Interval(low=round(interval.low, DIGITS), high=round(interval.high, DIGITS))


def _rounded_claims(found: Claims | None) -> Claims | None:
    if found is None:
        return None
    return Claims(better=round(found.better, DIGITS), not_worse=round(found.not_worse, DIGITS), worse=round(found.worse, DIGITS))
