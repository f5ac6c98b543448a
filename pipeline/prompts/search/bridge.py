"""Lets a library that runs in a thread and waits use what lives in the event loop, and stops it from there."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

T = TypeVar("T")


class StoppedError(Exception):
    """The loop has no more use for what the thread is doing."""


class Bridge:
    """Made in the event loop. `ask` is for the thread alone: it waits there until the coroutine is done in the loop.

    `error` is the first that was raised, for a library that goes on after errors.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._open: set[Future[Any]] = set()
        self.stopped = False
        self.error: BaseException | None = None

    def ask(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What the coroutine returns or raises. Raises StoppedError once `stop` was called, also while waiting."""
        with self._lock:
            if self.stopped:
                raise StoppedError
            future = asyncio.run_coroutine_threadsafe(work(), self._loop)
            self._open.add(future)
        try:
            self.error = self.error or future.exception()
            return future.result()
        except CancelledError as error:
            raise StoppedError from error
        finally:
            with self._lock:
                self._open.discard(future)

    def stop(self) -> None:
        """Cancels what is open and refuses what comes."""
        with self._lock:
            self.stopped = True
            waiting = tuple(self._open)
        for future in waiting:
            future.cancel()


async def in_thread(work: Callable[[Bridge], T]) -> T:
    """`work` in a thread of its own with a bridge back. Cancelling this cancels what the thread asked for, and waits for it."""
    bridge = Bridge()
    running = asyncio.create_task(asyncio.to_thread(work, bridge))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        bridge.stop()
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # seen: the thread ends with StoppedError
        raise
