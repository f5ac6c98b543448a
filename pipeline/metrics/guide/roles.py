"""Who decides and who is only reported: the rules a plan must keep, and what a judge is asked on which split."""

from collections.abc import Collection, Sequence

from pipeline.errors import InputError
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.registry import catalog
from pipeline.models.families import family
from pipeline.records import Criteria, MetricChoice, Split

OVERLAP = frozenset({"rouge_l", "chrf", "length_ratio"})
"""Likeness of wording, by code: may decide only where no judge is at hand, and the plan then says what that is worth."""
SIMILARITY = frozenset({"answer_similarity", "ragas_answer_similarity"})
"""Likeness of meaning, by vectors: never decides ("fell 8 %" and "rose 8 %" are close neighbours)."""
RUBRIC, CHECK = "rubric:", "check:"


def is_judged(name: str, criteria: Criteria | None = None) -> bool:
    """Whether a judge scores this metric; rubrics are known by their name."""
    return name.startswith(RUBRIC) or isinstance(catalog(criteria).get(name), JudgedMetric)


def judged_on(criteria: Criteria, split: Split) -> tuple[str, ...]:
    """The metrics a judge is asked for on a split: those that decide on both, those that are only reported on test."""
    if criteria.judge is None:
        return ()
    wanted = [choice for choice in criteria.metrics if choice.primary or split is Split.TEST]
    return tuple(choice.metric for choice in wanted if is_judged(choice.metric, criteria))


def check_roles(criteria: Criteria) -> None:
    """Raises InputError, with the way out, for criteria that could not give a verdict worth signing."""
    if not criteria.primary:
        raise InputError("No metric decides. Choose at least one that does, with its margin.")
    for choice in criteria.metrics:
        _known(choice, criteria)
        if choice.primary and (problem := undecisive(choice.metric, judge=criteria.judge is not None)):
            raise InputError(problem)


def undecisive(metric: str, *, judge: bool) -> str | None:
    """Why this metric may not decide, with the way out; None when it may."""
    if metric not in SIMILARITY and not (judge and metric in OVERLAP):
        return None
    return (
        f"{metric} measures likeness, and a likeness never decides: a wrong fact in familiar words scores high. "
        "Let a metric decide that tells right from wrong (a correctness metric, a match, a rubric or a check), and keep this one "
        "as reported."
    )


def _known(choice: MetricChoice, criteria: Criteria) -> None:
    judged = is_judged(choice.metric, criteria)
    if judged and criteria.judge is None:
        raise InputError(
            f"{choice.metric} needs a judge. Choose one by its model, such as bedrock:MODEL-ID, or remove the metric."
        )
    rubrics = {rubric.metric for rubric in criteria.rubrics}
    if choice.metric not in catalog(criteria) and choice.metric not in rubrics:
        raise InputError(f"There is no metric called {choice.metric[:80]}. Choose from: {', '.join(names(criteria))}.")


def names(criteria: Criteria | None = None) -> Sequence[str]:
    """Every metric a person can name for these criteria."""
    own = [rubric.metric for rubric in criteria.rubrics] if criteria else []
    return tuple(dict.fromkeys((*catalog(criteria), *own)))


def relatives(criteria: Criteria, targets: Collection[str]) -> tuple[str, ...]:
    """A sentence for each judge that is of a target's own family: models tend to prefer what they would have written.

    Self-preference is described by Zheng et al. 2023 (arXiv:2306.05685, section 3.3). A family Ferry cannot read from the name
    is no relative.
    """
    if criteria.judge is None:
        return ()
    found = []
    for judge in (criteria.judge.model, *criteria.judge.panel):
        own = family(judge)
        same = [target for target in targets if own != "unknown" and family(target) == own]
        if same:
            found.append(
                f"The judge {judge} is of the same family ({own}) as {', '.join(same)}: judges tend to prefer their own family's "
                "answers. Choose a judge of another family, or rest the decision on checks and SMEs."
            )
    return tuple(found)
