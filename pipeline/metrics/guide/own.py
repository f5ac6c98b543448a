"""People's own criteria as part of a plan: rubrics for a judge, checks for code."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from pipeline.metrics.guide.roles import CHECK, RUBRIC
from pipeline.records import Check, Criteria, MetricChoice, Rubric

Named = TypeVar("Named", Rubric, Check)
ROOM = 36
"""Characters of a name that are left beside a number that makes it another one: names of metrics are cut after 40."""
MARGIN = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Criteria read from what a person pasted. `metrics` are Ferry's that measure what was asked for already; `left_out` are
    sentences that only allow something and so test nothing.
    """

    rubrics: tuple[Rubric, ...] = ()
    checks: tuple[Check, ...] = ()
    metrics: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def with_own(criteria: Criteria, rubrics: Iterable[Rubric] = (), checks: Iterable[Check] = ()) -> Criteria:
    """`criteria` with these too, reported until a person lets them decide; the same name again gets a number.

    Rubrics join the metrics once there is a judge; until then the plan keeps them waiting.
    """
    all_rubrics = {each.metric: each for each in distinct((*criteria.rubrics, *rubrics))}
    all_checks = {each.metric: each for each in distinct((*criteria.checks, *checks))}
    there = {choice.metric for choice in criteria.metrics}
    wanted = [(name, "your rubric, asked of the judge") for name in all_rubrics if criteria.judge]
    wanted += [(name, f"your rule, tested by code: {check.text}") for name, check in all_checks.items()]
    new = tuple(MetricChoice(metric=name, margin=MARGIN, reason=why) for name, why in wanted if name not in there)
    return replace(
        criteria,
        metrics=(*criteria.metrics, *new),
        rubrics=tuple(all_rubrics.values()),
        checks=tuple(all_checks.values()),
    )


def without(criteria: Criteria, removed: Iterable[str]) -> Criteria:
    """`criteria` without these metrics, and without the rubrics and checks of these names."""
    gone = frozenset(removed)
    return replace(
        criteria,
        metrics=tuple(choice for choice in criteria.metrics if choice.metric not in gone),
        rubrics=tuple(rubric for rubric in criteria.rubrics if rubric.metric not in gone),
        checks=tuple(check for check in criteria.checks if check.metric not in gone),
    )


def is_own(metric: str) -> bool:
    return metric.startswith((RUBRIC, CHECK))


def distinct(named: Iterable[Named]) -> tuple[Named, ...]:
    """The same criteria under names of their own; the very same one twice is one."""
    found: dict[str, Named] = {}
    for each in named:
        candidate, number = each, 1
        while candidate.metric in found and not _same(found[candidate.metric], each):
            number += 1
            candidate = replace(each, name=f"{each.name[:ROOM]} {number}")
        found.setdefault(candidate.metric, candidate)
    return tuple(found.values())


def _same(one: Named, other: Named) -> bool:
    if isinstance(one, Check) and isinstance(other, Check):
        return (one.rule, one.value) == (other.rule, other.value)
    return one.hash == other.hash if isinstance(one, Rubric) and isinstance(other, Rubric) else False
