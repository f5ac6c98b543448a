"""DBOS, configured in this one module: durable workflows on their own SQLite file, or in the schema `dbos` of Postgres.

Each kind of work is a workflow of one call; what it has achieved is in our rows, so a workflow that a kill cut short is queued
again (`takeover`) and runs from its first line. Launched inside the event loop, DBOS runs them there, beside the store and the
models they share.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from dbos import DBOS, DBOSConfig

from agent.engine import APPLICATION_VERSION, CHUNKS, QUEUE, WorkKind
from agent.worker.settings import WorkerSettings
from agent.worker.tools import Tools
from agent.worker.work import perform

LISTEN_S = 0.1
"""On SQLite DBOS looks this often whether somebody waits for a notification; a stop waits for the next look."""
_at_hand: list[Tools] = []
"""The tools of this process. DBOS knows workflows by module-level functions, so theirs cannot be handed in."""


def _workflow(kind: WorkKind) -> Callable[..., Awaitable[None]]:
    async def work(*args: str) -> None:
        await perform(_at_hand[-1], kind, args)

    work.__qualname__ = kind.value
    return DBOS.workflow(name=kind.value, max_recovery_attempts=None)(work)


WORKFLOWS = {kind: _workflow(kind) for kind in WorkKind}


async def launch(url: str, settings: WorkerSettings, tools: Tools, executor: str) -> None:
    """Take what is queued, as `executor`. Call it on the loop that `tools` belong to."""
    _at_hand.append(tools)
    config: DBOSConfig = {
        "name": "ferry",
        "system_database_url": url,
        "executor_id": executor,
        "application_version": APPLICATION_VERSION,
        "log_level": "ERROR",
        "enable_otlp": False,
        "notification_listener_polling_interval_sec": LISTEN_S,
    }
    DBOS(config=config)
    DBOS.launch()
    await DBOS.register_queue_async(QUEUE, worker_concurrency=settings.works, polling_interval_sec=settings.poll_s)
    await DBOS.register_queue_async(CHUNKS, worker_concurrency=settings.chunks, polling_interval_sec=settings.poll_s)


async def stop(seconds: float) -> None:
    """Take nothing new and wait for what is running, at most `seconds`; the rest is taken up at the next start."""
    await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=int(seconds) + 1)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())  # DBOS had given the loop its own, and closed it
    _at_hand.clear()
