"""What people said, as the report takes it: preferences counted for each target, and beside the run they speak of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.records import Choice, Plan, Run
from db.store import Store
from pipeline.decide.agreement import Opinion, Said
from pipeline.decide.calibrate import Reviewed
from pipeline.records import RunResult
from pipeline.report.records import Preferences, claimed, label_of

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A target's run on the test split, as the report calls it."""

    run: Run

    @property
    def label(self) -> str:
        return label_of(self.run.key.model, self.run.label)

    @property
    def claimed(self) -> bool:
        return claimed(self.run.label)


def reviewed(compared: Sequence[Compared], results: Mapping[str, RunResult], said: Opinions) -> tuple[Reviewed, ...]:
    """The winners with what SMEs said of their answers."""
    return tuple(Reviewed(run=results[arm.label], said=tuple(said.get(arm.run.key.model, ()))) for arm in compared if arm.claimed)
