"""Background work of the local workspace that ends with it: deliveries to the app that nobody waits for."""

import asyncio
from collections.abc import Coroutine


class Tasks:
    """Starts tasks and, on `close`, cancels and awaits every one; a bug in one is raised there."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._failed: list[BaseException] = []

    def start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed.append(error)

    async def idle(self) -> None:
        """Waits until nothing is under way."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def close(self) -> None:
        for task in set(self._running):
            task.cancel()
        await self.idle()
        if self._failed:
            raise self._failed[0]
