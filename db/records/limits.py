"""What the workers say of the limits they hold their calls to, and leases of the lines they share."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLease:
    """A lease of a line, in seconds of the database's clock, which said `now`; `start` is None where nothing was lent."""

    now: float
    start: float | None
    line: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTold:
    """Of one model (`key` tells accounts and regions apart) in one worker: rates a minute (None: not held), who says so, calls
    at once now and at most, the share of the rates in use after throttles, seconds waited and throttles since its start."""

    key: str
    worker: str
    ref: str
    requests_per_minute: float | None
    tokens_per_minute: float | None
    source: str
    in_flight: int
    most: int
    pace: float
    waited_s: float
    throttled: int
    at: datetime
