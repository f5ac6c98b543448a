"""Who decides and who is only reported: the rules a plan must keep, and what a judge is asked on which split."""

from collections.abc import Sequence

from pipeline.decide.guards import check_deciding
from pipeline.errors import InputError
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.registry import catalog, judged_metrics
from pipeline.records import Criteria, MetricChoice, Split

RUBRIC, CHECK = "rubric:", "check:"


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
    for choice in criteria.metrics:
        _known(choice, criteria)
    check_deciding(criteria)


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
