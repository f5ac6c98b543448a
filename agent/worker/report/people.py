"""What people said, as the report takes it: preferences counted for each target, and how far judges agree with them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from db.records import Choice, Plan, Run
from db.store import Store
from pipeline.decide.agreement import Opinion, Said, agree_on_pairs, agree_on_source
from pipeline.metrics.registry import JUDGED
from pipeline.records import Agreement, Criteria, RunResult, Sample
from pipeline.report.records import Arm, Preferences

PAIRWISE = "judge_preference"
Opinions = Mapping[str, Sequence[Said]]
"""What SMEs said of each target's blind pairs."""


async def opinions(store: Store, plan: Plan, runs: tuple[Run, ...]) -> Opinions:
    """What SMEs said, turned from A and B into winner against source."""
    targets: Mapping[str, str] = {run.id: run.key.model for run in runs}
    said: dict[str, list[Said]] = {}
    for assignment, preference in await store.reviews.preferences(plan.migration_id, plan.number):
        winner_first = assignment.run_a in targets
        target = targets[assignment.run_a if winner_first else assignment.run_b]
        opinion = _opinion(preference.choice, winner_first=winner_first)
        said.setdefault(target, []).append(Said(sample_id=assignment.sample_id, by=preference.by, opinion=opinion))
    return said


def _opinion(choice: Choice, *, winner_first: bool) -> Opinion:
    if choice is Choice.SAME:
        return Opinion.SAME
    return Opinion.BETTER if (choice is Choice.A) == winner_first else Opinion.WORSE


def preferences(said: Opinions, targets: Sequence[str]) -> tuple[Preferences, ...]:
    """The opinions counted, for the targets that were judged."""
    counted = {target: Counter(each.opinion for each in said[target]) for target in targets if target in said}
    return tuple(
        Preferences(target=target, better=n[Opinion.BETTER], same=n[Opinion.SAME], worse=n[Opinion.WORSE])
        for target, n in counted.items()
    )


def agreements(
    criteria: Criteria, samples: Sequence[Sample], source: RunResult, compared: Sequence[Arm], said: Opinions
) -> tuple[Agreement, ...]:
    """Each judge against people: the pairwise one against SMEs, the others against human scores that came with the dataset."""
    chosen = [choice.metric for choice in criteria.metrics]
    judged = [name for name in chosen if name in JUDGED or name.startswith("rubric:")]
    found = [
        agree_on_pairs(PAIRWISE, arm.result.scores, said.get(arm.target, ()), confidence=criteria.confidence)
        for arm in compared
        if PAIRWISE in chosen and arm.claimed
    ]
    if any(sample.prior and sample.prior.human is not None for sample in samples):
        alone = [name for name in judged if name != PAIRWISE]
        found += [agree_on_source(name, samples, source, confidence=criteria.confidence) for name in alone]
    return tuple(found)
