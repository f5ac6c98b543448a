"""What a run's outputs are scored by: pure, the same answer for the worker, the graph and the cards."""

from collections.abc import Iterable
from dataclasses import replace

from agent import arms
from db.records import Run
from pipeline.hashing import content_hash
from pipeline.metrics import Metric, code_metrics, evaluated_metrics, judged_metrics
from pipeline.metrics.evaluations.metric import EvaluatedMetric
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.records import Criteria, JudgeChoice


def judged(run: Run, criteria: Criteria) -> tuple[JudgedMetric, ...]:
    """What a judge is asked of this run. The source's own run is compared with nothing."""
    metrics = judged_metrics(criteria, run.key.split)
    return tuple(metric for metric in metrics if not (metric.needs_source and run.stage == arms.BASELINE))


def evaluated(run: Run, criteria: Criteria) -> tuple[EvaluatedMetric, ...]:
    """What a second opinion on this run is about."""
    return evaluated_metrics(criteria, run.key.split)


def by_all(run: Run, criteria: Criteria) -> tuple[Metric, ...]:
    """What code, judges and the second opinion score of this run."""
    return (*code_metrics(criteria), *judged(run, criteria), *evaluated(run, criteria))


def outdated(run: Run, criteria: Criteria, earlier: Iterable[Criteria]) -> frozenset[str]:
    """The metrics whose stored scores of this run are of no use to `criteria`: another judge or another text made them.

    `earlier` are the criteria the run was scored by before, newest first. A comparison whose sides were judged by two judges, or
    by two rubrics of one name, would measure the difference between these.
    """
    before: dict[str, str] = {}
    for each in earlier:
        for metric in by_all(run, each):
            before.setdefault(metric.name, _made_by(metric, each))
    return frozenset(
        metric.name for metric in by_all(run, criteria) if before.get(metric.name) not in {None, _made_by(metric, criteria)}
    )


def _made_by(metric: Metric, criteria: Criteria) -> str:
    """Everything in `criteria` that makes a score of this metric what it is."""
    rubrics = [rubric for rubric in criteria.rubrics if rubric.metric == metric.name]
    checks = [check for check in criteria.checks if check.metric == metric.name]
    judge = _judge_of(metric, criteria.judge) if isinstance(metric, JudgedMetric) and criteria.judge else None
    return content_hash([rubrics, checks, judge])


def _judge_of(metric: JudgedMetric, judge: JudgeChoice) -> JudgeChoice:
    """The judge with no other library than the metric's own."""
    name = metric.library.partition(" ")[0]
    return replace(judge, libraries=tuple(each for each in judge.libraries if each.partition(" ")[0] == name))
