"""What the nouns of the store share: the database and the clock they were given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from db.engine import Database

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Noun:
    """One kind of fact. Every public method is one transaction and speaks in records."""

    db: Database
    clock: Clock
