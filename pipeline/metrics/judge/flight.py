"""Equal work that is wanted twice at once is done once."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from pipeline.metrics.judge.port import JudgeError

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Whoever comes first does the work of a key; who comes meanwhile gets the same result or the same JudgeError."""

    def __init__(self) -> None:
        self._open: dict[str, asyncio.Future[T]] = {}

    async def run(self, key: str, work: Callable[[], Awaitable[T]], waiting: Callable[[], AbstractContextManager[None]]) -> T:
        """The result of `work`. Where the one who did it is cancelled, the next in line does it. Waits inside `waiting()`."""
        while (leader := self._open.get(key)) is not None:
            with waiting():
                await asyncio.wait([leader])
            if not leader.cancelled():
                return _result(leader)
        mine = self._open[key] = asyncio.get_running_loop().create_future()
        try:
            result = await work()
        except JudgeError as error:
            mine.set_exception(error)
            mine.exception()  # seen: perhaps nobody waits for it
            raise
        else:
            mine.set_result(result)
            return result
        finally:
            mine.cancel()  # does nothing to one that has a result
            del self._open[key]


def _result(done: asyncio.Future[T]) -> T:
    error = done.exception()
    if isinstance(error, JudgeError):
        raise JudgeError(error.kind, error.message)
    return done.result()
