"""Tells listeners (the page's event stream, waiting tests) that something in the workspace changed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.workspace.wire import Json

_BACKLOG = 1_000  # a listener that is further behind than this is dropped and has to look at the whole state again


class Changes:
    """A counter of changes and the queues of those who want to hear of each."""

    def __init__(self) -> None:
        self.revision = 0
        self._queues: dict[asyncio.Queue[Json | None], str | None] = {}
        self._waiters: set[asyncio.Future[None]] = set()

    def tell(self, kind: str, *, user: str | None = None, **more: object) -> None:
        """`user` limits the news to one person (an ephemeral, a modal)."""
        self.revision += 1
        news = {"type": kind, "revision": self.revision, **more}
        for queue, reader in list(self._queues.items()):
            if user is None or reader in (None, user):
                self._put(queue, news)
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _put(self, queue: asyncio.Queue[Json | None], news: Json) -> None:
        if queue.qsize() >= _BACKLOG:
            self._queues.pop(queue, None)
            queue.put_nowait(None)
        else:
            queue.put_nowait(news)

    async def after(self, revision: int) -> int:
        """Waits until there is a change after `revision`."""
        while self.revision <= revision:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        return self.revision

    @contextmanager
    def listening(self, user: str | None = None) -> Iterator[asyncio.Queue[Json | None]]:
        """A queue of news for `user` (all news when None); a None in it means: closed, start again."""
        queue: asyncio.Queue[Json | None] = asyncio.Queue()
        self._queues[queue] = user
        try:
            yield queue
        finally:
            self._queues.pop(queue, None)

    def close(self) -> None:
        """Sends everybody home."""
        for queue in self._queues:
            queue.put_nowait(None)
