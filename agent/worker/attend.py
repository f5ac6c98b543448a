"""Watches over paid calls: every second, and at once when this worker stops, it looks whether they are still wanted.

Stopping waits only for those in flight.
"""

import asyncio
from collections.abc import Awaitable, Callable

from agent.worker.tools import Tools

LOOK_S = 1.0


async def attend(tools: Tools, run_id: str, calls: asyncio.Task[None], halt: asyncio.Event) -> None:
    """Until `calls` of a run end; once they are not wanted, `halt` is set and they get `stop_s`, then they are cancelled.

    Raises what they raised.
    """

    async def wanted() -> bool:
        if await tools.may_spend(run_id) is not None:
            return True
        return await tools.winds_down((await tools.store.runs.get(run_id)).migration_id)

    await watch(wanted, calls, halt, tools.stopping, tools.stop_s)


async def watch(
    wanted: Callable[[], Awaitable[bool]],
    calls: asyncio.Task[None],
    halt: asyncio.Event,
    stopping: asyncio.Event,
    stop_s: float,
) -> None:
    """As `attend`, for calls that belong to no run; `stopping` is set once this worker ends."""
    try:
        await _look(wanted, calls, halt, stopping)
        await asyncio.wait([calls], timeout=stop_s)
    finally:
        calls.cancel()
        await asyncio.wait([calls])
    if not calls.cancelled():
        calls.result()


async def _look(
    wanted: Callable[[], Awaitable[bool]], calls: asyncio.Task[None], halt: asyncio.Event, stopping: asyncio.Event
) -> None:
    """Until the calls end, or are not wanted any more."""
    stopped = asyncio.create_task(stopping.wait())
    try:
        while not halt.is_set():
            await asyncio.wait([calls, stopped], timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            if calls.done():
                return
            if not await wanted():
                halt.set()
    finally:
        stopped.cancel()
