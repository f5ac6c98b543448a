"""Metrics: `METRICS` (code) and `JUDGED` by name, `catalog` of criteria, `score_run` over outputs, `guide` for a plan,
`evaluations` for a second opinion.
"""

from pipeline.metrics.metric import CodeMetric, Metric
from pipeline.metrics.registry import JUDGED, METRICS, catalog, code_metrics, evaluated_metrics, judged_metrics, metric_named
from pipeline.metrics.scoring import named, score_judged, score_run, score_with

__all__ = [
    "JUDGED",
    "METRICS",
    "CodeMetric",
    "Metric",
    "catalog",
    "code_metrics",
    "evaluated_metrics",
    "judged_metrics",
    "metric_named",
    "named",
    "score_judged",
    "score_run",
    "score_with",
]
