"""Error analysis: the failures of an arm in groups that people can act on, and the references that look wrong.

A rule finds the cause of each failure (`causes`), then failures of one cause are brought together: by kind, by (reference ->
answer) in a classification, by likeness of their inputs elsewhere (`clusters`). Figures are in docs/evidence-errors.md.
"""

from collections.abc import Sequence

from pipeline.decide.errors.suspects import Suspect, suspects
from pipeline.records import Criteria, ErrorGroup, RunResult, Sample

__all__ = ["Suspect", "group_failures", "suspects"]


def group_failures(
    samples: Sequence[Sample],
    source: RunResult,
    arm: RunResult,
    criteria: Criteria,
    *,
    others: Sequence[RunResult] = (),
    name: str | None = None,
) -> tuple[ErrorGroup, ...]:
    """The failures of `arm` in groups, the largest first; each failed sample is in exactly one group. Deterministic.

    A failure is a failed call, a primary metric below what is good (1 for yes/no metrics, 0.7 for graded ones) or one that fell
    by more than its margin against `source`. `samples` are those of the runs' split. `others` are further runs over them: models
    that agree against a reference make it doubtful, and models with the arm's prompt show whether the prompt is to blame.
    `name` is what the groups call the arm (default: the run's label). Memory grows with the failures, never with their square.

    Raises InputError for scores that are not of the run's own outputs.
    """
    from pipeline.decide.errors.causes import scene
    from pipeline.decide.errors.failures import failures
    from pipeline.decide.errors.groups import grouped

    failed = failures(samples, source, arm, criteria)
    if not failed:
        return ()
    runs = [source, arm, *(other for other in others if other is not arm and other is not source)]
    doubted = suspects(samples, runs)
    found = scene(samples, arm, criteria, doubted, [run for run in runs if run is not arm])
    return grouped(name or arm.label, failed, found)
