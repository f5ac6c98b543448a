"""What dead workers had begun is queued again, by one living worker at a time (ADR 14)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import structlog

from agent.engine import Begun, DbosEngine
from agent.presence import REMEMBERED_S, Presence
from db.records import ProcessKind

LEASE = "takeover"
log = structlog.get_logger()


def executor_id(name: str, holder: str) -> str:
    """What a worker calls itself to DBOS: a name of its own for each start, so that what is left of a dead one can be told."""
    return f"{name}/{holder}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """Looks after the work of the dead on behalf of one worker."""

    engine: DbosEngine
    presence: Presence
    clock: Callable[[], datetime]

    async def own(self, dead: Collection[str]) -> None:
        """At the start: what earlier holders of this worker's name, who are dead, had begun."""
        name = self.presence.name
        executors = {name, *(executor_id(name, holder) for holder in dead)}
        await self._queue_again([work for work in await self.engine.begun() if work.executor in executors])

    async def __call__(self) -> None:
        """What workers had begun that are not alive now."""
        store, presence = self.presence.store, self.presence
        if not await store.leases.take(LEASE, presence.holder, presence.dead_s, self.clock()):
            return
        await store.processes.bury(ProcessKind.WORKER)
        begun = await self.engine.begun()  # before asking who lives: a worker is listed before it begins anything
        living = [each for each in await store.processes.listed() if each.alive]
        alive = {executor_id(each.name, each.holder) for each in living}
        await self._queue_again([work for work in begun if "/" in work.executor and work.executor not in alive])
        await self._forfeit({each.holder for each in living})
        await store.processes.forget(ProcessKind.WORKER, REMEMBERED_S)

    async def _forfeit(self, alive: Collection[str]) -> None:
        """Calls of the dead may have been billed, so what was set aside for them is charged."""
        lost = await self.presence.store.purses.forfeit(alive)
        if lost:
            log.info("calls of dead workers charged as estimated", calls=lost)

    async def _queue_again(self, left: Collection[Begun]) -> None:
        for work in left:
            await self.engine.queue_again(work)
        if left:
            log.info("work taken over", works=len(left), of=sorted({work.executor for work in left}))
