"""Watches over paid calls: every second it looks whether they are still wanted; stopping waits only for those in flight."""

import asyncio
from collections.abc import Awaitable, Callable

from agent.worker.tools import Tools

LOOK_S = 1.0


async def attend(tools: Tools, run_id: str, calls: asyncio.Task[None], halt: asyncio.Event) -> None:
    """Until `calls` of a run end; once they are not wanted, `halt` is set and they get `stop_s`, then they are cancelled.

    Raises what they raised.
    """

    async def wanted() -> bool:
        return await tools.may_spend(run_id) is not None

    await watch(wanted, calls, halt, tools.stop_s)


async def watch(wanted: Callable[[], Awaitable[bool]], calls: asyncio.Task[None], halt: asyncio.Event, stop_s: float) -> None:
    """As `attend`, for calls that belong to no run."""
    try:
        await _look(wanted, calls, halt, stop_s)
    finally:
        calls.cancel()
        await asyncio.wait([calls])
    if not calls.cancelled():
        calls.result()


async def _look(wanted: Callable[[], Awaitable[bool]], calls: asyncio.Task[None], halt: asyncio.Event, stop_s: float) -> None:
    while not halt.is_set():
        done, _ = await asyncio.wait([calls], timeout=LOOK_S)
        if done:
            return
        if not await wanted():
            halt.set()
    await asyncio.wait([calls], timeout=stop_s)
