"""Bedrock Evaluations as a second opinion: its metrics, the lines it is sent, its jobs, and what it says as scores."""

from pipeline.aws.jobs import Standing
from pipeline.metrics.evaluations.jobs import Asked, Bedrock, job_name
from pipeline.metrics.evaluations.lines import Line, lines, parts
from pipeline.metrics.evaluations.metric import EVALUATED, EvaluatedMetric, is_evaluated, unscored
from pipeline.metrics.evaluations.place import DEFAULT_JUDGE, Place
from pipeline.metrics.evaluations.results import read_results

__all__ = [
    "DEFAULT_JUDGE",
    "EVALUATED",
    "Asked",
    "Bedrock",
    "EvaluatedMetric",
    "Line",
    "Place",
    "Standing",
    "is_evaluated",
    "job_name",
    "lines",
    "parts",
    "read_results",
    "unscored",
]
