"""Metrics: `METRICS` (code) and `JUDGED` by name, `catalog` of criteria, `score_run` over outputs, `choose` for a plan."""

from pipeline.metrics.metric import CodeMetric, Metric
from pipeline.metrics.registry import JUDGED, METRICS, catalog, metric_named
from pipeline.metrics.scoring import named, score_judged, score_run

__all__ = ["JUDGED", "METRICS", "CodeMetric", "Metric", "catalog", "metric_named", "named", "score_judged", "score_run"]
