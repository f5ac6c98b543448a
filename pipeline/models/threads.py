"""Blocking calls beside the event loop.

Daemon threads, not an executor: a provider that hangs must not keep the process from ending, and an executor's threads are
joined at exit. A thread that is not waited for any more keeps its place until it really ends, so the bound holds.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Threads(Generic[T]):
    """At most `limit` blocking calls at once. Cancelling a call sets the event its work was given; the work should then end."""

    def __init__(self, limit: int) -> None:
        self._limit, self._places = limit, asyncio.Semaphore(limit)

    async def run(self, work: Callable[[threading.Event], T]) -> T:
        """What `work` returns. Work that raises is a bug: it shows on stderr, and here as RuntimeError."""
        await self._places.acquire()
        loop, stop = asyncio.get_running_loop(), threading.Event()
        done: asyncio.Future[T] = loop.create_future()

        def in_thread() -> None:
            results: list[T] = []
            try:
                results.append(work(stop))
            finally:
                with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                    loop.call_soon_threadsafe(self._settle, done, results)

        threading.Thread(target=in_thread, name="model call", daemon=True).start()
        try:
            return await done
        except asyncio.CancelledError:
            stop.set()
            raise

    async def idle(self) -> None:
        """Returns once no work is running, not even work that nobody waits for any more."""
        for _ in range(self._limit):
            await self._places.acquire()
        for _ in range(self._limit):
            self._places.release()

    def _settle(self, done: asyncio.Future[T], results: list[T]) -> None:
        self._places.release()
        if done.done():
            return
        if results:
            done.set_result(results[0])
        else:
            done.set_exception(RuntimeError("a model call ended without an answer; its traceback is on stderr"))
