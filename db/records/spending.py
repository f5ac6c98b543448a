"""What a run has used of models, as the store adds it up."""

from dataclasses import dataclass

from pipeline.records import Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class RunUse:
    """Stored outputs and scores of one run. `unmetered` answers came without token counts; `judged` is the judge's part.

    `usd` is what the answers cost as they were charged, at the tier each was made in; None where some were not.
    """

    run_id: str
    answered: Spent
    unmetered: int
    judged: Spent
    usd: float | None = None
