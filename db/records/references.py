"""The record of a doubted reference."""

from dataclasses import dataclass
from datetime import datetime

from db.records.facts import ReferenceAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCheck:
    """A reference that looks wrong, shown to one SME; `answer`, `by` and `at` are None until they said.

    `reference` is what it shall say instead, with the answer FIX alone. `round` is the plan's number.
    """

    id: str
    migration_id: str
    round: int
    dataset_id: str
    sample_id: str
    sme: str
    position: int
    why: str
    suggestion: str | None = None
    answer: ReferenceAnswer | None = None
    reference: str | None = None
    by: str | None = None
    at: datetime | None = None
