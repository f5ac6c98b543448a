"""Bounded work: the bound, the order, what an error leaves, and that closing ends everything."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from functools import partial

import pytest

from pipeline.pool import bounded


class Work:
    """Numbered pieces that sleep; counts how many are open."""

    def __init__(self, count: int, seconds: float = 0.002, fails: int | None = None) -> None:
        self.open = self.most = self.started = 0
        self._count, self._seconds, self._fails = count, seconds, fails

    def pieces(self) -> Iterator[Callable[[], Awaitable[int]]]:
        return (partial(self.piece, number) for number in range(self._count))

    async def piece(self, number: int) -> int:
        self.started += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await asyncio.sleep(self._seconds)
            if number == self._fails:
                raise ValueError("piece")
            return number
        finally:
            self.open -= 1


@pytest.mark.parametrize("width", [0, 1, 3, 50])
async def test_everything_is_done_once_within_the_bound(width: int) -> None:
    work = Work(20)
    assert sorted([n async for n in bounded(work.pieces(), width)]) == list(range(20))
    assert work.most == min(20, max(1, width))


async def test_a_slow_reader_holds_the_work_back() -> None:
    work = Work(100, seconds=0.0)
    async with aclosing(bounded(work.pieces(), 2)) as results:
        await anext(results)
        await asyncio.sleep(0.02)
        assert work.started <= 6
    assert work.open == 0


async def test_what_a_piece_raises_comes_after_what_was_done() -> None:
    work, seen = Work(20, fails=5), list[int]()

    async def read() -> None:
        async for number in bounded(work.pieces(), 1):
            seen.append(number)

    with pytest.raises(ValueError, match="piece"):
        await read()
    assert seen == [0, 1, 2, 3, 4]
