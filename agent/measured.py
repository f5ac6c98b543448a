"""What a run's outputs are scored by: pure, the same answer for the worker, the graph and the cards."""

from agent import arms
from db.records import Run
from pipeline.metrics import Metric, code_metrics, evaluated_metrics, judged_metrics
from pipeline.metrics.evaluations.metric import EvaluatedMetric
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.records import Criteria


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
