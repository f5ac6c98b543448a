"""What a plan must say of itself before anybody approves it: what it cannot conclude, and what its data would allow besides."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from pipeline.decide.guards import OVERLAP, judge_flags
from pipeline.metrics.evaluations.metric import is_evaluated
from pipeline.metrics.guide.roles import CHECK, RUBRIC, is_judged
from pipeline.metrics.registry import catalog
from pipeline.records import Criteria, Sample

if TYPE_CHECKING:
    from pipeline.decide.size import Pilot

NO_PILOTS: Mapping[str, "Pilot"] = MappingProxyType({})


def limits(
    criteria: Criteria,
    samples: Sequence[Sample],
    targets: Sequence[str],
    test: Sequence[Sample],
    pilots: Mapping[str, "Pilot"] = NO_PILOTS,
) -> tuple[str, ...]:
    """Sentences for people, the gravest first. `test` are the samples of the test split, `pilots` what is known of the spread."""
    said = (
        _references(criteria, samples),
        judge_flags(criteria.judge, targets),
        _judge(criteria),
        _second_opinion(criteria),
        _size(criteria, test, len(targets), pilots),
    )
    return tuple(sentence for sentences in (*said, _prior(criteria, samples)) for sentence in sentences)


def _references(criteria: Criteria, samples: Sequence[Sample]) -> Iterator[str]:
    has = sum(bool((sample.reference or "").strip()) for sample in samples)
    if not has:
        yield (
            "Cannot be concluded: whether answers are right, because no sample has a reference. "
            "Add references, or let SMEs judge pairs."
        )
    elif has < len(samples):
        yield f"{len(samples) - has:,} of {len(samples):,} samples have no reference and stay outside what is compared with one."
    if any(choice.metric in OVERLAP for choice in criteria.primary):
        yield (
            "A likeness of wording decides here, because the references are long and no judge is chosen. It cannot see a wrong "
            "fact in familiar words: SMEs must confirm, or choose a judge."
        )


def _judge(criteria: Criteria) -> Iterator[str]:
    waiting = [rubric.name for rubric in criteria.rubrics] if criteria.judge is None else []
    if waiting:
        yield f"{len(waiting)} of your criteria need a judge and wait until one is chosen."
    decides = [choice.metric for choice in criteria.primary if is_judged(choice.metric, criteria)]
    if decides:
        yield "A judge decides: its figures count as not validated until its agreement with SMEs is measured (kappa 0.6 or more)."


def _second_opinion(criteria: Criteria) -> Iterator[str]:
    asked = sum(is_evaluated(choice.metric) for choice in criteria.metrics)
    if asked:
        yield (
            f"Bedrock Evaluations is asked for a second opinion on the test answers ({asked} metrics; its judge reads every "
            "answer once for each, at AWS's price, which is not in the estimate). It is reported and never decides, and the runs "
            "wait for it, a day at most."
        )


def _prior(criteria: Criteria, samples: Sequence[Sample]) -> Iterator[str]:
    by_people = sum(sample.prior is not None and sample.prior.human is not None for sample in samples)
    if by_people:
        use = "are shown as the source's baseline" + (" and calibrate the judge" if criteria.judge else "")
        yield f"{by_people:,} scores of people that came with the dataset {use}."


def _size(criteria: Criteria, test: Sequence[Sample], targets: int, pilots: Mapping[str, "Pilot"]) -> Iterator[str]:
    from pipeline.decide.size import size

    family = len(criteria.primary) * max(targets, 1)
    sizes = [
        size(test, choice.margin, known=pilots.get(choice.metric), family=family, confidence=criteria.confidence)
        for choice in criteria.primary
        if choice.margin > 0
    ]
    if sizes:
        yield max(sizes, key=lambda found: found.needed).message


def offered(criteria: Criteria, samples: Sequence[Sample]) -> tuple[str, ...]:
    """Metrics the data would allow besides those of the plan, for people to choose from."""
    references = any((sample.reference or "").strip() for sample in samples)
    contexts = any(sample.contexts for sample in samples)
    taken = {choice.metric for choice in criteria.metrics}
    return tuple(
        name
        for name, metric in catalog(criteria).items()
        if name not in taken
        and not name.startswith((RUBRIC, CHECK))
        and (references or not metric.needs_reference)
        and (contexts or not metric.needs_contexts)
    )
