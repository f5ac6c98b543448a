"""What a change makes of a plan's criteria. Pure; raises InputError for criteria that could not give a verdict."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from db.records import PlanChange
from pipeline.records import Criteria, JudgeChoice, MetricChoice, Sample, UseCase

ASKED = "asked for by a person"


def revised(criteria: Criteria, change: PlanChange, use_case: UseCase, samples: Sequence[Sample]) -> Criteria:
    """`criteria` with `change` applied: the judge first, because what can be measured depends on it. The result is locked.

    Raises InputError, with the way out, when nothing would decide, when likeness would, or for a metric there is none of.
    """
    from pipeline.metrics.guide import check_roles, locked, with_own, without

    made = _with_judge(criteria, change, use_case, samples)
    made = without(made, change.remove_metrics)
    made = with_own(made, change.rubrics, change.checks)
    made = _with_metrics(made, (*change.add_metrics, *(change.primary or ())), use_case)
    if change.primary is not None:
        made = _each(made, lambda choice: replace(choice, primary=choice.metric in (change.primary or ())))
    if change.margin is not None:
        made = _each(made, lambda choice: _with_margin(choice, change))
    if change.most_usd is not None:
        made = replace(made, most_usd=change.most_usd or None)
    check_roles(made)
    return locked(made)


def _with_judge(criteria: Criteria, change: PlanChange, use_case: UseCase, samples: Sequence[Sample]) -> Criteria:
    """A first judge, or none any more, is another proposal of the guide; another judge is asked the same."""
    before, asked = criteria.judge, change.judge
    if asked is None or (before is None and not asked):
        return replace(criteria, judge=_with_helpers(before, change)) if before else criteria
    judge = _with_helpers(replace(before, model=asked) if before else JudgeChoice(model=asked), change) if asked else None
    if before and judge:
        return replace(criteria, judge=judge)
    return _proposed_again(criteria, judge, use_case, samples)


def _with_helpers(judge: JudgeChoice, change: PlanChange) -> JudgeChoice:
    embedder = change.embedder or judge.embedder
    return replace(judge, embedder=embedder, panel=judge.panel if change.panel is None else change.panel)


def _proposed_again(criteria: Criteria, judge: JudgeChoice | None, use_case: UseCase, samples: Sequence[Sample]) -> Criteria:
    """What the guide proposes now, with what people had added, removed and set before."""
    from pipeline.metrics.guide import is_judged, is_own, propose, with_own, without

    first, now = propose(use_case, samples, judge=criteria.judge), propose(use_case, samples, judge=judge)
    had, proposed = _names(criteria.metrics), _names(first.metrics)
    now = replace(now, coverage_gate=criteria.coverage_gate, confidence=criteria.confidence, most_usd=criteria.most_usd)
    now = with_own(without(now, proposed - had), criteria.rubrics, criteria.checks)
    added = [
        c for c in criteria.metrics if c.metric not in proposed and c.metric not in _names(now.metrics) and not is_own(c.metric)
    ]
    kept = [choice for choice in added if judge or not is_judged(choice.metric, criteria)]
    standing = {choice.metric: choice for choice in criteria.metrics}
    return replace(now, metrics=tuple(_carried(choice, standing.get(choice.metric)) for choice in (*now.metrics, *kept)))


def _carried(choice: MetricChoice, before: MetricChoice | None) -> MetricChoice:
    """The margin a person may have set; what people's own criteria decide stays as they said."""
    from pipeline.metrics.guide import is_own

    if before is None:
        return choice
    return before if is_own(choice.metric) else replace(choice, margin=before.margin)


def _with_metrics(criteria: Criteria, names: Iterable[str], use_case: UseCase) -> Criteria:
    from pipeline.metrics.guide import MARGINS

    there = _names(criteria.metrics)
    new = [name for name in dict.fromkeys(names) if name not in there]
    added = tuple(MetricChoice(metric=name, margin=MARGINS[use_case], reason=ASKED) for name in new)
    return replace(criteria, metrics=(*criteria.metrics, *added))


def _with_margin(choice: MetricChoice, change: PlanChange) -> MetricChoice:
    concerned = choice.metric == change.metric if change.metric else choice.primary
    return replace(choice, margin=change.margin) if concerned and change.margin is not None else choice


def _each(criteria: Criteria, change: Callable[[MetricChoice], MetricChoice]) -> Criteria:
    return replace(criteria, metrics=tuple(change(choice) for choice in criteria.metrics))


def _names(choices: Iterable[MetricChoice]) -> frozenset[str]:
    return frozenset(choice.metric for choice in choices)
