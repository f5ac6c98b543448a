"""All metrics by name. A new metric is a new entry in a file of `code/`, `judged/` or `evaluations/` and one line here."""

from collections.abc import Mapping

from pipeline.metrics.code.checks import check_metrics
from pipeline.metrics.code.form import LENGTH_RATIO_METRIC, REFUSAL_METRIC
from pipeline.metrics.code.matching import EXACT_MATCH, NORMALISED_MATCH
from pipeline.metrics.code.numbers import NUMBER_MATCH
from pipeline.metrics.code.overlap import CHRF_METRIC, ROUGE_L_METRIC
from pipeline.metrics.code.structure import JSON_FIELDS, JSON_TOP_FIELDS, JSON_VALID
from pipeline.metrics.code.tool_calls import TOOL_CALL
from pipeline.metrics.evaluations.metric import EVALUATED, EvaluatedMetric
from pipeline.metrics.judged import deepeval, ragas
from pipeline.metrics.judged.answers import ANSWERS
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.judged.pairwise import JUDGE_PREFERENCE
from pipeline.metrics.judged.rubric import rubric_metrics
from pipeline.metrics.metric import CodeMetric, Metric
from pipeline.records import Criteria, Split

METRICS: Mapping[str, CodeMetric] = {
    metric.name: metric
    for metric in (
        EXACT_MATCH,
        NORMALISED_MATCH,
        NUMBER_MATCH,
        JSON_VALID,
        JSON_FIELDS,
        JSON_TOP_FIELDS,
        ROUGE_L_METRIC,
        CHRF_METRIC,
        LENGTH_RATIO_METRIC,
        REFUSAL_METRIC,
        TOOL_CALL,
    )
}
JUDGED: Mapping[str, JudgedMetric] = {
    metric.name: metric for metric in (*ANSWERS, *ragas.METRICS, *deepeval.METRICS, JUDGE_PREFERENCE)
}


def catalog(criteria: Criteria | None = None) -> Mapping[str, Metric]:
    """Every metric these criteria can name: those that ship with Ferry and the people's own."""
    if criteria is None:
        return {**METRICS, **JUDGED, **EVALUATED}
    return {**METRICS, **JUDGED, **EVALUATED, **rubric_metrics(criteria.rubrics), **check_metrics(criteria.checks)}


def libraries() -> frozenset[str]:
    """The libraries whose judged metrics there are, "name version"; Ferry's own among them as "ferry"."""
    return frozenset(metric.library for metric in JUDGED.values())


def metric_named(name: str, criteria: Criteria | None = None) -> Metric:
    """The metric of this name; for one Ferry does not know (scores that came from elsewhere) one that excludes no sample."""
    return catalog(criteria).get(name) or Metric(name=name, summary="scores that came from elsewhere", needs_reference=False)


def code_metrics(criteria: Criteria) -> tuple[CodeMetric, ...]:
    """What code computes of these criteria's metrics, in their order."""
    known = catalog(criteria)
    chosen = (known.get(choice.metric) for choice in criteria.metrics)
    return tuple(metric for metric in chosen if isinstance(metric, CodeMetric))


def judged_metrics(criteria: Criteria, split: Split) -> tuple[JudgedMetric, ...]:
    """What a judge is paid for on this split: on test all judged metrics, on dev those that decide, since only they choose."""
    known = catalog(criteria)
    wanted = (known.get(choice.metric) for choice in criteria.metrics if choice.primary or split is Split.TEST)
    return tuple(metric for metric in wanted if isinstance(metric, JudgedMetric))


def evaluated_metrics(criteria: Criteria, split: Split) -> tuple[EvaluatedMetric, ...]:
    """What a second opinion is paid for: only reported, so only on test."""
    wanted = (EVALUATED.get(choice.metric) for choice in criteria.metrics if split is Split.TEST)
    return tuple(metric for metric in wanted if metric is not None)
