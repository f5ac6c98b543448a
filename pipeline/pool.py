"""Much work, a bounded amount of it at once: what the runner and judged scoring are driven by."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _End:
    """The last thing in the queue: all is done, by `error` or well."""

    error: Exception | None = None


async def bounded(work: Iterator[Callable[[], Awaitable[T]]], width: int) -> AsyncGenerator[T, None]:
    """What each piece of `work` returns, in the order they complete.

    At most `width` pieces are open and at most twice as many results are in memory, also when the reader is slow and `work` has
    no end. Close the iterator (`contextlib.aclosing`) to cancel what is open. What a piece, or `work` itself, raises is raised
    here after the results that were there before.
    """
    width = max(1, width)
    queue: asyncio.Queue[T | _End] = asyncio.Queue(maxsize=width)
    doing = asyncio.create_task(_do_all(work, queue, width))
    try:
        while not isinstance(item := await queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        doing.cancel()
        await asyncio.wait([doing])


async def _do_all(work: Iterator[Callable[[], Awaitable[T]]], queue: "asyncio.Queue[T | _End]", width: int) -> None:
    error: Exception | None = None
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(width):
                group.create_task(_do(work, queue))
    except ExceptionGroup as raised:
        error = raised.exceptions[0]
    await queue.put(_End(error))


async def _do(work: Iterator[Callable[[], Awaitable[T]]], queue: "asyncio.Queue[T | _End]") -> None:
    for piece in work:  # shared by all who work: each takes the next one
        await queue.put(await piece())
