"""Corrected references become the next dataset version: seen by comparing facts, so that doing it twice changes nothing.

A correction is due while the newest version still says, of the same input, what the SME doubted. A file that somebody uploaded
since then stands: where it says something else, nothing is due.
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import cycle

from agent.arms import short_id
from db.records import DatasetVersion, ReferenceAnswer, ReferenceCheck
from db.store import Store
from pipeline.dataset.correct import corrected
from pipeline.decide.errors import Suspect
from pipeline.records import Sample

MOST_CHECKS = 10
"""References that one SME is asked about in a round."""


def checks(
    migration_id: str, number: int, dataset: DatasetVersion, smes: Sequence[str], doubted: Sequence[Suspect]
) -> tuple[ReferenceCheck, ...]:
    """The most doubtful references, each given to one SME in turn; none without SMEs."""
    given = zip(doubted[: MOST_CHECKS * len(smes)], cycle(smes), strict=False)
    return tuple(
        ReferenceCheck(
            id=short_id(migration_id, "reference", doubt.sample_id),
            migration_id=migration_id,
            round=number,
            dataset_id=dataset.id,
            sample_id=doubt.sample_id,
            sme=sme,
            position=position,
            why=doubt.why,
            suggestion=doubt.suggestion,
        )
        for position, (doubt, sme) in enumerate(given)
    )


async def due(store: Store, newest: DatasetVersion) -> tuple[ReferenceCheck, ...]:
    """The fixes that `newest` does not have yet."""
    fixes = [c for c in await store.references.listed(newest.migration_id) if c.answer is ReferenceAnswer.FIX]
    now = await store.datasets.chosen(newest.id, [check.sample_id for check in fixes])
    doubted = {check.id: (await store.datasets.chosen(check.dataset_id, [check.sample_id])) for check in fixes}
    return tuple(check for check in fixes if _is_due(check, doubted[check.id], now))


def _is_due(check: ReferenceCheck, doubted: Mapping[str, Sample], now: Mapping[str, Sample]) -> bool:
    before, today = doubted.get(check.sample_id), now.get(check.sample_id)
    if before is None or today is None or before.input_hash != today.input_hash:
        return False
    return today.reference == before.reference != check.reference


async def apply(store: Store, migration_id: str) -> DatasetVersion | None:
    """The newest dataset version, with everything that is due; None while there is no dataset at all."""
    while (newest := await store.datasets.latest(migration_id)) is not None:
        fixes = await due(store, newest)
        if not fixes:
            return newest
        references = {check.sample_id: check.reference or "" for check in fixes}
        people = {check.by or check.sme for check in fixes}
        dataset = await asyncio.to_thread(corrected, await store.datasets.load(newest.id), references, people)
        version = await store.datasets.correct(newest.id, dataset)
        if version is not None:  # None: another version came meanwhile, so look again
            return version if version.number > newest.number else newest
    return None
