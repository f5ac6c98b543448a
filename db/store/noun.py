"""What the nouns of the store share: the database, the clock they were given, and that a transaction once begun is finished."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from inspect import iscoroutinefunction
from typing import ParamSpec, TypeVar

from db.engine import Database

Clock = Callable[[], datetime]
P = ParamSpec("P")
T = TypeVar("T")


def utc_now() -> datetime:
    return datetime.now(UTC)


def finished_once_begun(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """`method`, whose caller is cancelled only after it ended: neither driver survives being interrupted in a transaction."""

    @wraps(method)
    async def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        work = asyncio.ensure_future(method(*args, **kwargs))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            if not work.cancelled():
                work.exception()  # seen: the caller is gone and nobody else will ask for it
            raise

    return whole


@dataclass(frozen=True)
class Noun:
    """One kind of fact. Every public method is one transaction, finished once begun, and speaks in records."""

    db: Database
    clock: Clock

    def __init_subclass__(cls) -> None:
        for name, method in vars(cls).copy().items():
            if iscoroutinefunction(method) and not name.startswith("_"):
                setattr(cls, name, finished_once_begun(method))
