"""What no plan may do: let likeness or a second opinion decide, or let a relative of the target judge it without saying so."""

from collections.abc import Sequence

from pipeline.errors import InputError
from pipeline.metrics.evaluations.metric import is_evaluated
from pipeline.models.families import family
from pipeline.records import Criteria, JudgeChoice

SIMILARITY = frozenset({"answer_similarity", "ragas_answer_similarity"})
OVERLAP = frozenset({"rouge_l", "chrf", "length_ratio"})
NAMELESS = frozenset({"unknown", "base"})


def check_deciding(criteria: Criteria) -> None:
    """InputError when likeness to the reference would decide: similarity never may, shared words only where there is no judge.

    Two sentences that state opposite facts are often more alike than two that state the same one in other words.
    """
    for choice in criteria.primary:
        if is_evaluated(choice.metric):
            raise InputError(
                f"{choice.metric} cannot decide: it is a second opinion, which may come late or not at all. "
                "Keep it as a secondary metric and let one decide that Ferry measures itself."
            )
        if choice.metric in SIMILARITY:
            raise InputError(
                f"{choice.metric} cannot decide: “fell 8 %” and “rose 8 %” are nearly the same text to it. "
                "Keep it as a secondary metric and let one that sees right and wrong decide, such as answer_correctness."
            )
        if choice.metric in OVERLAP and criteria.judge is not None:
            raise InputError(
                f"{choice.metric} cannot decide while there is a judge: it counts shared words and not whether they are right. "
                "Keep it as a secondary metric and let a judged one decide, such as answer_correctness."
            )


def same_family(judge_ref: str, target_ref: str) -> bool:
    """Whether both are the same model or of one known family, read from their names: a judge may prefer answers like its own."""
    found = family(judge_ref)
    return judge_ref == target_ref or (found not in NAMELESS and found == family(target_ref))


def judge_flags(judge: JudgeChoice | None, targets: Sequence[str]) -> tuple[str, ...]:
    """One sentence for each judge (or panel member) that is of a target's family."""
    if judge is None:
        return ()
    return tuple(
        f"The judge {asked} is {_kin(asked, target)} and may favour its answers: "
        "choose a judge of another family, or hold it to SMEs' preferences."
        for asked in dict.fromkeys((judge.model, *judge.panel))
        for target in dict.fromkeys(targets)
        if same_family(asked, target)
    )


def _kin(judge_ref: str, target_ref: str) -> str:
    return "a target itself" if judge_ref == target_ref else f"of the family of {target_ref} ({family(target_ref)})"
