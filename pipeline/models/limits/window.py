"""How many calls of a model may be open at once: grows while all goes well, shrinks when the provider throttles.

The constants are those Inspect AI 0.3.285 has for the same purpose (https://inspect.aisi.org.uk): doubling until the first
throttle, then growth by 5 %, and only where what was allowed was also used.
"""

import asyncio
from collections import deque

LEAST, START = 10, 20
CUT, GROW, COOLDOWN_S, USED = 0.8, 1.05, 15.0, 0.8


class Window:
    """`limit` calls may be inside, at most `most`, and never fewer than ten where `most` allows that."""

    def __init__(self, most: int) -> None:
        self.most, self.limit, self.inside = most, min(START, most), 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._cut, self._rests_until = False, 0.0
        self._well = self._open = self._peak = 0

    def narrow(self, most: int) -> None:
        """Let in no more than `most` from now on."""
        self.most = min(self.most, most)
        self.limit = min(self.limit, self.most)

    async def enter(self) -> None:
        """Returns when there is room; callers come in as they came."""
        if self.inside < self.limit and not self._queue:
            self.inside += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        self.inside -= 1
        self._let_in()

    def called(self) -> None:
        """A call is open from now on: those that wait inside for their tokens do not count as used."""
        self._open += 1
        self._peak = max(self._peak, self._open)

    def ended(self) -> None:
        self._open -= 1

    def throttled(self) -> None:
        now, self._cut = asyncio.get_running_loop().time(), True
        if now >= self._rests_until:
            self.limit, self._rests_until = max(min(LEAST, self.most), int(self.limit * CUT)), now + COOLDOWN_S
            self._well = self._peak = 0

    def went_well(self) -> None:
        """A round is as many good answers as calls may be open."""
        if asyncio.get_running_loop().time() < self._rests_until:
            return
        self._well += 1
        if self._well < self.limit:
            return
        if self._peak >= USED * self.limit:
            grown = round(self.limit * GROW) if self._cut else self.limit * 2
            self.limit = min(self.most, max(self.limit + 1, grown))
            self._let_in()
        self._well, self._peak = 0, self._open

    def _let_in(self) -> None:
        while self._queue and self.inside < self.limit:
            turn = self._queue.popleft()
            if not turn.cancelled():
                self.inside += 1
                turn.set_result(None)
