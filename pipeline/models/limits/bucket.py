"""One bucket of one limit: calls begin in the order they came, at the pace of the line, of which a block at a time is lent."""

import asyncio
from collections import deque
from dataclasses import dataclass

from pipeline.errors import TemporaryError
from pipeline.models.limits.line import BLOCK_S, BURST_S, Ledger
from pipeline.models.limits.window import COOLDOWN_S, CUT, GROW

SLOWEST, CUT_EVERY_S = 0.05, 2.0  # a cut shows in what is refused within the time of a call
IDLE_S, AWAY_S, TINY_S = 0.1, 0.5, 1e-9


@dataclass(slots=True)
class _Block:
    """What is left of a lease; `fresh` while nothing of it was used."""

    start: float
    end: float
    mark: float
    fresh: bool = True


@dataclass(slots=True)
class _Waiting:
    seconds: float
    begun: asyncio.Future[None]


class Bucket:
    """`per_minute` units of one dimension, shared through `ledger` by every process that takes them under `key`.

    A throttle means that the limit is lower than was thought, or that others use it: the pace falls to 0.8 of what it was, at
    most every two seconds, and comes back by 5 % every fifteen seconds without one.
    """

    def __init__(self, key: str, per_minute: float, ledger: Ledger) -> None:
        self.key, self.per_minute, self.pace = key, per_minute, 1.0
        self._ledger, self._back = ledger, 0.0
        self._queue: deque[_Waiting] = deque()
        self._blocks: deque[_Block] = deque()
        self._working: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._cut_again_at = self._grows_at = self._counted_from = self._spent = self._usual = 0.0

    async def take(self, amount: float) -> float:
        """Returns when a call of `amount` units may begin: the seconds of the line it moved. Cancelled, it moved nothing."""
        waiting = _Waiting(amount * 60 / (self.per_minute * self.pace), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._work()
        try:
            await waiting.begun
        except asyncio.CancelledError:
            if not waiting.begun.cancelled():
                self.give(waiting.seconds)
            raise
        return waiting.seconds

    def give(self, seconds: float) -> None:
        """Give back what was taken and not used; negative: what was used and not taken."""
        self._back += seconds
        self._work()

    def throttled(self) -> None:
        now = asyncio.get_running_loop().time()
        self._grows_at = now + COOLDOWN_S
        if now >= self._cut_again_at:
            self.pace, self._cut_again_at = max(SLOWEST, self.pace * CUT), now + CUT_EVERY_S

    def went_well(self) -> None:
        now = asyncio.get_running_loop().time()
        if self.pace < 1.0 and now >= self._grows_at:
            self.pace, self._grows_at = min(1.0, self.pace * GROW), now + COOLDOWN_S

    def close(self) -> None:
        for task in (self._working, self._asking):
            if task is not None:
                task.cancel()

    def _work(self) -> None:
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._begin_all())
            self._working.add_done_callback(self._ended)

    def _ended(self, working: asyncio.Task[None]) -> None:
        """A ledger that fails for good fails the calls that wait for it; they would wait for ever."""
        error = None if working.cancelled() else working.exception()
        while error is not None and self._queue:
            begun = self._queue.popleft().begun
            if not begun.done():
                begun.set_exception(error)

    async def _begin_all(self) -> None:
        """Until nothing waits and nothing is owed."""
        while self._queue or self._back or self._blocks:
            while self._queue:
                await self._begin_next()
            await asyncio.sleep(IDLE_S)
            if not self._queue:
                await self._settle()

    async def _begin_next(self) -> None:
        """Begin the first call that waits, or wait for what it lacks: a lease, or its time."""
        now, first = asyncio.get_running_loop().time(), self._queue[0]
        if first.begun.cancelled():
            self._queue.popleft()
            return
        lent = self._lent(now)
        if lent + TINY_S < first.seconds:
            await self._more()
            return
        if lent - first.seconds < self._usual and len(self._queue) > 1:
            self._more()  # a slow ledger is waited for while there is something to spend
        start = self._blocks[0].start
        if start > now + TINY_S:
            await asyncio.sleep(start - now)
            return
        self._queue.popleft()
        self._spend(first.seconds)
        first.begun.set_result(None)

    def _lent(self, now: float) -> float:
        """Seconds of the line that may be spent; those the clock has left behind are gone.

        A fresh lease keeps what the first call needs, however late the loop comes to it: else none might ever begin.
        """
        for block in tuple(self._blocks):
            gone = now - BURST_S
            if block.fresh and self._queue:
                gone = min(gone, block.end - self._queue[0].seconds)
            block.start = max(block.start, gone)
            if block.start >= block.end:
                self._blocks.remove(block)
        return sum(block.end - block.start for block in self._blocks)

    def _spend(self, seconds: float) -> None:
        self._spent += seconds
        while self._blocks and seconds > 0:
            block = self._blocks[0]
            part = min(seconds, block.end - block.start)
            block.start, block.fresh, seconds = block.start + part, False, seconds - part
            if block.end - block.start <= TINY_S:
                self._blocks.popleft()

    def _more(self) -> "asyncio.Task[None]":
        """The lease that is asked for: while one is under way, no second one."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._lease())
        return self._asking

    async def _lease(self) -> None:
        loop = asyncio.get_running_loop()
        while (wanted := self._wanted(loop.time())) > 0:
            back, self._back = self._back, 0.0
            try:
                lease = await self._ledger.lease(self.key, wanted, back)
            except TemporaryError:
                self._back += back
                await asyncio.sleep(AWAY_S)
                continue
            if lease.start is not None:
                self._blocks.append(_Block(lease.start, lease.end, lease.mark))
                return
            await asyncio.sleep(min(max(lease.end - loop.time(), TINY_S), BLOCK_S))

    def _wanted(self, now: float) -> float:
        """Seconds of the line to ask for: what was spent of late in the time of a block, or a part of what waits.

        Who shares the line with others spends less of it, so each has as much as lasts it as long.
        """
        if not self._queue:
            return 0.0
        if now - self._counted_from >= BLOCK_S:
            self._usual = min(BLOCK_S, self._spent / (now - self._counted_from) * BLOCK_S)
            self._counted_from, self._spent = now, 0.0
        waiting = min(sum(each.seconds for each in self._queue), BLOCK_S / 4)
        return max(self._queue[0].seconds - self._lent(now), self._usual, waiting)

    async def _settle(self) -> None:
        """Nothing waits: others may have what is left of the last lease, and what calls did not use."""
        now = asyncio.get_running_loop().time()
        back, self._back, self._blocks, blocks = self._back, 0.0, deque(), self._blocks
        try:
            if blocks and (left := blocks[-1].end - max(blocks[-1].start, now)) > 0:
                await self._ledger.hand_back(self.key, left, blocks[-1].mark)
            if back:
                await self._ledger.lease(self.key, 0.0, back)
        except TemporaryError:
            self._back += back
            await asyncio.sleep(AWAY_S)
