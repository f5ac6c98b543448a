"""`ferry up`: the bot and a worker as two processes, so that model calls never delay Slack; a crashed one comes back."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

SHORTEST_S, LONGEST_S, STEADY_S = 0.5, 30.0, 60.0
STOP_S = 20.0
log = structlog.get_logger()


@dataclass(slots=True)
class Child:
    """One process that shall run: `words` are the command after the Python executable."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    process: asyncio.subprocess.Process | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Start it, and again after each end with a growing pause, until `stopping`."""
        pause, loop = SHORTEST_S, asyncio.get_running_loop()
        environment = {**os.environ, **self.environment}
        while not stopping.is_set():
            started = loop.time()
            self.process = await asyncio.create_subprocess_exec(sys.executable, *self.words, env=environment)
            code = await self.process.wait()
            if stopping.is_set():
                return
            pause = SHORTEST_S if loop.time() - started > STEADY_S else min(LONGEST_S, pause * 2)
            log.warning("process_ended", name=self.name, code=code, again_in_s=pause)
            await _either(stopping, pause)

    async def stop(self) -> None:
        """Ask it to end, then insist."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_S)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


def interrupted() -> asyncio.Event:
    """Set when the process is asked to end (SIGTERM, Ctrl-C)."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    return ended


async def up() -> None:
    """Bot and worker, until the process is asked to end."""
    await supervise(ferry_processes({}), interrupted())


async def supervise(children: Sequence[Child], stopping: asyncio.Event) -> None:
    """Keep `children` running until `stopping`, then stop them all."""
    async with asyncio.TaskGroup() as group:
        for child in children:
            group.create_task(child.run(stopping))
        await stopping.wait()
        for child in children:
            group.create_task(child.stop())


async def _either(stopping: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return


def ferry_processes(environment: Mapping[str, str]) -> tuple[Child, ...]:
    """The two processes of one Ferry."""
    return tuple(Child(name, ("-m", "bot", name), environment) for name in ("bot", "worker"))
