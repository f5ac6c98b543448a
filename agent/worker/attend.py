"""Watches over paid calls: every second, and at once when this worker stops, it looks whether they are still wanted.

Stopping waits only for those in flight.
"""

import asyncio

from agent.worker.tools import Tools

LOOK_S = 1.0


async def attend(tools: Tools, run_id: str, calls: asyncio.Task[None], halt: asyncio.Event) -> None:
    """Until `calls` end; once they are not wanted, `halt` is set and they get `stop_s`, then they are cancelled.

    Raises what they raised.
    """
    try:
        await _look(tools, run_id, calls, halt)
    finally:
        calls.cancel()
        await asyncio.wait([calls])
    if not calls.cancelled():
        calls.result()


async def _look(tools: Tools, run_id: str, calls: asyncio.Task[None], halt: asyncio.Event) -> None:
    stopping = asyncio.create_task(tools.stopping.wait())
    try:
        while not halt.is_set():
            await asyncio.wait([calls, stopping], timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            if calls.done():
                return
            if await tools.may_spend(run_id) is None:
                halt.set()
        await asyncio.wait([calls], timeout=tools.stop_s)
    finally:
        stopping.cancel()
