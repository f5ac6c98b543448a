"""Where an error of work or of a node stops being an exception: it becomes a sentence for people, or a reference id."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

import structlog

from pipeline.errors import FerryError, InputError, PermanentError, RefusedError

T = TypeVar("T")
log = structlog.get_logger()

TRIES = 8
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What a person is told: the way out, or the reference under which the log has the whole story."""

    sentence: str


async def attempt(work: Awaitable[T], **about: str) -> T | Trouble:
    """The result of `work`, or what went wrong with it. `about` are ids for the log. Cancelling passes through."""
    try:
        return await work
    except FerryError as error:
        log.info("refused", error=type(error).__name__, **about)
        return Trouble(sentence=error.message)
    except Exception as error:  # noqa: BLE001  the worker's boundary
        reference = uuid4().hex[:8]
        log.error("failed", reference=reference, trace=trace(error), **about)
        told = f"Something failed that Ferry does not know (reference {reference}; the operator finds it in the log)."
        return Trouble(sentence=f"{told} Nothing that was finished is lost, so it can be tried again.")


def trace(error: BaseException) -> str:
    """Types and places of an error and its causes. No messages and no values: those of databases and parsers quote samples."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    cause = error.__cause__ or error.__context__
    inner = "".join(trace(each) for each in error.exceptions) if isinstance(error, BaseExceptionGroup) else ""
    return f"{trace(cause) if cause else ''}{inner}{frames}{type(error).__name__}\n"


async def persist(work: Callable[[], Awaitable[T]], *, tries: int = TRIES, **about: str) -> T:
    """`work`, tried again while what it needs is away or busy; the last error is raised. `work` must be idempotent.

    A FerryError is raised at once unless it is temporary: it has a way out, and waiting is not it.
    """
    wait = FIRST_WAIT_S
    for _ in range(tries - 1):
        try:
            return await work()
        except (InputError, RefusedError, PermanentError):
            raise
        except Exception as error:  # noqa: BLE001  what databases and networks raise has no common class
            log.warning("failed, trying again", error=type(error).__name__, **about)
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT_S)
    return await work()
