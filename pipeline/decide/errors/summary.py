"""Groups as a message or a table shows them: how many failures, a few examples, and no list of all."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from pipeline.hashing import canonical_json
from pipeline.records import Cause, ErrorGroup, RunResult, Sample

EXAMPLES = 2
LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One failure: texts cut to `LONGEST` characters; `answer` is None where there was none."""

    sample_id: str
    question: str
    reference: str | None
    answer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    """An ErrorGroup with its size and its most typical failures in place of all ids."""

    cause: Cause
    label: str
    count: int
    examples: tuple[Example, ...]
    evidence: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmErrors:
    """What goes wrong in one arm: `failed` of `samples`, in groups, the largest first."""

    arm: str
    failed: int
    samples: int
    groups: tuple[GroupSummary, ...]


def summarise(arm: str, groups: Sequence[ErrorGroup], samples: Sequence[Sample], run: RunResult) -> ArmErrors:
    """`groups` are those of `run`, whose outputs are the examples' answers."""
    by_id = {sample.id: sample for sample in samples}
    texts = {output.sample_id: output.text for output in run.outputs}
    return ArmErrors(
        arm=arm,
        failed=sum(len(group.sample_ids) for group in groups),
        samples=len(samples),
        groups=tuple(
            _summary(group, [_example(by_id[i], texts.get(i)) for i in group.sample_ids[:EXAMPLES]]) for group in groups
        ),
    )


def _summary(group: ErrorGroup, examples: Sequence[Example]) -> GroupSummary:
    return GroupSummary(
        cause=group.cause,
        label=group.label,
        count=len(group.sample_ids),
        examples=tuple(examples),
        evidence=group.evidence,
        next_step=group.next_step,
    )


def _example(sample: Sample, answer: str | None) -> Example:
    return Example(
        sample_id=sample.id,
        question=sample.asked[:LONGEST],
        reference=sample.reference[:LONGEST] if sample.reference is not None else None,
        answer=answer[:LONGEST] if answer is not None else None,
    )


def dumps(arms: Sequence[ArmErrors]) -> str:
    """Canonical JSON."""
    return canonical_json(list(arms))


def loads(text: str) -> tuple[ArmErrors, ...]:
    """What `dumps` wrote."""
    return TypeAdapter(tuple[ArmErrors, ...]).validate_json(text)
