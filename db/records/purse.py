"""What a migration may spend, and has."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """USD. `budget` is None where there is no limit; `held` is set aside for `open` calls in flight, of all workers.

    `stopped` is the sentence why no call was allowed any more, until somebody sets the budget.
    """

    migration_id: str
    budget: float | None = None
    spent: float = 0.0
    held: float = 0.0
    open: int = 0
    stopped: str | None = None

    def fits(self, usd: float) -> bool:
        """Whether a call that may take so much can be made now."""
        return self.budget is None or self.spent + self.held + usd <= self.budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What one worker changes at once: `back` of what `ended` calls held is given back, `spent` is charged."""

    back: float = 0.0
    ended: int = 0
    spent: float = 0.0
