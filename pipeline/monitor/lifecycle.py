"""A signed target that retires: what to say of it, and when it is worth saying again.

Amazon Bedrock announces an end of life six months or 45 days ahead, and dates differ by region
(https://docs.aws.amazon.com/bedrock/latest/userguide/model-lifecycle.html).
"""

from dataclasses import dataclass
from datetime import date

from pipeline.models.catalog import ModelFacts

STEPS = (180, 90, 30, 7, 0)
"""Days before the end of life at which it is told, each once; 0 is the day itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`key` is the same as long as there is nothing new to say, `message` says it with the way out."""

    key: str
    message: str


def notice(facts: ModelFacts, today: date) -> Notice | None:
    """What has to be said today; None while no end is known, or none within the first of STEPS and no legacy status."""
    if facts.retires is None:
        return Notice(key="legacy", message=_legacy(facts)) if facts.legacy else None
    left = (date.fromisoformat(facts.retires) - today).days
    step = min((step for step in STEPS if left <= step), default=None)
    if step is None:
        return Notice(key=f"legacy:{facts.retires}", message=_ends(facts, left)) if facts.legacy else None
    return Notice(key=f"{facts.retires}:{step}", message=_ends(facts, left))


def _ends(facts: ModelFacts, left: int) -> str:
    where = f" ({facts.told['retires']})" if "retires" in facts.told else ""
    if left <= 0:
        return f"{facts.ref} reached its end of life on {facts.retires}{where}: its calls fail. Migrate again to another target."
    days = "tomorrow" if left == 1 else f"in {left} days"
    legacy = " It is in its legacy phase, which may cost more." if facts.legacy else ""
    return f"{facts.ref} reaches its end of life on {facts.retires}, {days}{where}.{legacy} Plan the next migration before then."


def _legacy(facts: ModelFacts) -> str:
    return f"{facts.ref} is in its legacy phase: an end of life will follow, and prices may rise. Plan the next migration."
