"""Who decides and who is only reported: the rules a plan must keep, and what a judge is asked on which split."""

from collections import Counter
from collections.abc import Sequence

from pipeline.decide.guards import check_deciding
from pipeline.errors import InputError
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.registry import catalog, judged_metrics
from pipeline.records import Criteria, MetricChoice, Split

RUBRIC, CHECK = "rubric:", "check:"
LOWEST_GATE, LOWEST_CONFIDENCE = 0.8, 0.8


def is_judged(name: str, criteria: Criteria | None = None) -> bool:
    """Whether a judge scores this metric."""
    return isinstance(catalog(criteria).get(name), JudgedMetric)


def judged_on(criteria: Criteria, split: Split) -> tuple[str, ...]:
    """The metrics a judge is asked for on a split: those that decide on both, those that are only reported on test."""
    return tuple(metric.name for metric in judged_metrics(criteria, split)) if criteria.judge else ()


def check_roles(criteria: Criteria) -> None:
    """Raises InputError, with the way out, for criteria that could not give a verdict worth signing."""
    if not criteria.primary:
        raise InputError("No metric decides. Choose at least one that does, with its margin.")
    _check_bounds(criteria)
    for choice in criteria.metrics:
        _known(choice, criteria)
    check_deciding(criteria)


def _check_bounds(criteria: Criteria) -> None:
    """InputError for figures by which any target would pass: a margin wider than the scale, a gate or a confidence of nothing."""
    odd = next((choice for choice in criteria.metrics if not 0 <= choice.margin < 1), None)
    if odd is not None:
        raise InputError(
            f"The margin of {odd.metric}, {odd.margin:g}, makes no sense for scores from 0 to 1. Give one such as 0.05."
        )
    gate, confidence = criteria.coverage_gate, criteria.confidence
    if not LOWEST_GATE <= gate <= 1:
        raise InputError(f"A coverage gate of {gate:g} lets missing scores pass. Give {LOWEST_GATE:g} to 1; 0.98 is usual.")
    if not LOWEST_CONFIDENCE <= confidence < 1:
        raise InputError(f"A confidence of {confidence:g} proves nothing. Give {LOWEST_CONFIDENCE:g} to below 1; 0.95 is usual.")
    twice = [name for name, times in Counter(choice.metric for choice in criteria.metrics).items() if times > 1]
    if twice:
        raise InputError(f"{twice[0]} is in the criteria twice. Keep it once.")


def _known(choice: MetricChoice, criteria: Criteria) -> None:
    judged = is_judged(choice.metric, criteria)
    if judged and criteria.judge is None:
        raise InputError(
            f"{choice.metric} needs a judge. Choose one by its model, such as bedrock:MODEL-ID, or remove the metric."
        )
    if choice.metric not in catalog(criteria):
        raise InputError(f"There is no metric called {choice.metric[:80]}. Choose from: {', '.join(names(criteria))}.")


def names(criteria: Criteria | None = None) -> Sequence[str]:
    """Every metric a person can name for these criteria."""
    return tuple(catalog(criteria))
