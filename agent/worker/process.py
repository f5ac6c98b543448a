"""The worker's process: opens everything once, sweeps, and on SIGTERM finishes what is in flight."""

import asyncio
import random
import signal
from contextlib import AsyncExitStack, suppress
from dataclasses import replace

import structlog

from agent.conversation import open_conversation, utc_now
from agent.engine import DbosEngine
from agent.presence import Presence
from agent.worker.boundary import attempt
from agent.worker.limits import Teller, limiter
from agent.worker.settings import WorkerSettings
from agent.worker.shelf import ATTACHMENTS, Shelf, opener
from agent.worker.sweep import Sweep
from agent.worker.takeover import Takeover, executor_id
from agent.worker.tools import Tools
from db.places import Places
from db.records import ProcessKind
from db.store import Store, open_store
from pipeline.errors import RefusedError
from pipeline.memory import settle
from pipeline.models.limits import Limiter

LOST = (
    "The worker {name} was silent for too long, or another process was started under its name, so others do its work now. "
    "It ends, and its next start goes on as usual. Give each worker a FERRY_WORKER_NAME of its own."
)
log = structlog.get_logger()


async def serve(places: Places, settings: WorkerSettings) -> None:
    """Work until SIGTERM or SIGINT. Raises RefusedError when another process has this worker's name."""
    from agent.worker import durable

    async with AsyncExitStack() as ends:
        store = await open_store(places)
        ends.push_async_callback(store.close)
        engine = DbosEngine(places.engine_url)
        ends.push_async_callback(engine.close)
        presence = Presence(
            store=store,
            home=places.home,
            kind=ProcessKind.WORKER,
            name=settings.name,
            beat_s=settings.beat_s,
            dead_s=settings.dead_s,
        )
        tools = await _tools(ends, places, settings, store, engine, presence.holder)
        _stop_on_signals(tools.stopping)
        takeover = Takeover(engine=engine, presence=presence, clock=utc_now)
        dead = await _arrived(presence, tools.stopping)
        if dead is None:
            return
        await takeover.own(dead)
        ends.push_async_callback(_leave, presence)
        await durable.launch(places.engine_url, settings, tools, executor_id(settings.name, presence.holder))
        living = asyncio.create_task(_live(presence, takeover, tools.stopping))
        settle()
        log.info("worker ready", executor=settings.name)
        await _sweep(tools, settings)
        log.info("worker stops", seconds=settings.stop_s)
        await durable.stop(settings.stop_s)
        await tools.shelf.close()
        _limiter(tools).close()
        if living.done():
            living.result()
        living.cancel()
        await asyncio.wait([living])
    if presence.lost.is_set():
        raise RefusedError(LOST.format(name=settings.name))


async def _tools(
    ends: AsyncExitStack, places: Places, settings: WorkerSettings, store: Store, engine: DbosEngine, holder: str
) -> Tools:
    from pipeline.metrics.evaluations import Bedrock
    from pipeline.models.batch.jobs import BatchInference
    from pipeline.prompts.advpo import Advpo

    catalog, shared = settings.catalog, places.database_url is not None
    models = replace(settings.models, jitter=random.random, files=store.files.root / ATTACHMENTS)
    models = replace(models, limiter=limiter(models, settings.limits, store, shared=shared))
    opened = open_conversation(
        places,
        store,
        engine,
        holder=settings.name,
        cron=settings.cron,
        timezone=settings.timezone,
        catalog=catalog,
        writer=settings.writer,
    )
    return Tools(
        store=store,
        engine=engine,
        conversation=await ends.enter_async_context(opened),
        shelf=Shelf(store=store, open_ref=opener(models), catalog=catalog, holder=holder, settings=models),
        places=places,
        clock=utc_now,
        stop_s=settings.stop_s,
        writer=settings.writer,
        catalog=catalog,
        live=models,
        opinion=Bedrock(settings.evaluation, models) if settings.evaluation else None,
        advpo=Advpo(settings.advpo, models) if settings.advpo else None,
        batch=BatchInference(settings.batch, models) if settings.batch else None,
    )


async def _arrived(presence: Presence, stopping: asyncio.Event) -> frozenset[str] | None:
    """The tokens of those who had the name and are dead; None where the process is asked to end while it waits for the name."""
    arriving, asked = asyncio.create_task(presence.arrive()), asyncio.create_task(stopping.wait())
    await asyncio.wait({arriving, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if arriving.done():
        return arriving.result()
    arriving.cancel()
    await asyncio.wait([arriving])
    return None


async def _live(presence: Presence, takeover: Takeover, stopping: asyncio.Event) -> None:
    """Say that this worker lives; once it cannot, or others do its work, it ends."""

    async def look_after() -> None:
        """Not by one that stops: its engine is being shut down, and others look as well."""
        if not stopping.is_set():
            await takeover()

    try:
        await presence.stay(look_after)
    finally:
        stopping.set()


async def _leave(presence: Presence) -> None:
    await attempt(presence.leave(), task="leave")


async def _sweep(tools: Tools, settings: WorkerSettings) -> None:
    sweep, teller = Sweep(tools), Teller(_limiter(tools), tools.store, settings.name)
    while not tools.stopping.is_set():
        await attempt(sweep(), task="sweep")
        await attempt(teller(), task="telling limits")
        with suppress(TimeoutError):
            await asyncio.wait_for(tools.stopping.wait(), settings.sweep_s)


def _limiter(tools: Tools) -> Limiter:
    """What calls of this worker are admitted by; tools made for something else have none."""
    return (tools.live and tools.live.limiter) or Limiter()


def _stop_on_signals(stopping: asyncio.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
