"""Code metrics: `METRICS` by name, `score_run` over outputs, `choose.propose` for a plan."""

from pipeline.metrics.metric import Metric
from pipeline.metrics.registry import METRICS
from pipeline.metrics.scoring import named, score_run

__all__ = ["METRICS", "Metric", "named", "score_run"]
