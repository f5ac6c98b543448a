"""The generic cell rate algorithm as a line in time: who books ahead of it waits, and it never falls behind the clock.

https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm. A bucket's line stands where the next call may begin. A call of
`seconds` (its amount over the rate) moves it on by as much, so between two moments no more is lent than the rate allows, and the
last call. One that is larger than a whole minute waits for the line like others, and passes.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

BURST_S = 0.012
"""How late a call may use its part of the line, after a late wake-up: with it any second has at most 2 % over."""
BLOCK_S = 0.25
"""How much of the line is lent at once to a process with much to do."""
HORIZON_S = 1.0
"""How far ahead of the clock is lent; who comes later asks again, so that what is given back is not overlooked for long."""


def lend(line: float, now: float, seconds: float, back: float = 0.0) -> tuple[float, float | None]:
    """The line after lending `seconds` of it, and where they begin (None: too far ahead, nothing was lent).

    `back` is what earlier calls did not use (negative: what they used besides); an unused line gains nothing by waiting.
    """
    start = max(max(line, now) - back, now)
    return (start, None) if start > now + HORIZON_S else (start + seconds, start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A part of a line, in seconds of the event loop's clock. Nothing was lent where `start` is None: ask again at `end`.

    `mark` is where the line stood after it, for whoever hands back what is left.
    """

    start: float | None
    end: float
    mark: float


class Ledger(Protocol):
    """Where the lines of all buckets stand, for every process that shares them."""

    async def lease(self, key: str, seconds: float, back: float) -> Lease:
        """Lend `seconds` of the line of `key` as `lend` does. Raises TemporaryError while the ledger cannot be reached."""
        ...

    async def hand_back(self, key: str, seconds: float, mark: float) -> None:
        """Take back the end of a lease, if nobody was lent anything after its `mark`: what lies before others is lost."""
        ...


class MemoryLedger:
    """The lines of one process, by the event loop's clock."""

    def __init__(self) -> None:
        self._lines: dict[str, float] = {}

    async def lease(self, key: str, seconds: float, back: float) -> Lease:
        now = asyncio.get_running_loop().time()
        line, start = lend(self._lines.get(key, now), now, seconds, back)
        self._lines[key] = line
        return Lease(start=start, end=line if start is not None else line - HORIZON_S, mark=line)

    async def hand_back(self, key: str, seconds: float, mark: float) -> None:
        if self._lines.get(key) == mark:
            self._lines[key] = mark - seconds
