"""The worker's process: opens everything once, sweeps, and on SIGTERM finishes what is in flight."""

import asyncio
import random
import signal
from contextlib import suppress
from dataclasses import replace

import structlog

from agent.conversation import open_conversation, utc_now
from agent.engine import DbosEngine
from agent.worker.boundary import attempt
from agent.worker.settings import WorkerSettings
from agent.worker.shelf import Shelf, opener
from agent.worker.sweep import Sweep
from agent.worker.tools import Tools
from db.places import Places
from db.store import open_store

log = structlog.get_logger()


async def serve(places: Places, settings: WorkerSettings) -> None:
    """Work until SIGTERM or SIGINT."""
    from agent.worker import durable
    from pipeline.metrics.evaluations import Bedrock

    store, engine = await open_store(places), DbosEngine(places.engine_url)
    models = replace(settings.models, jitter=random.random)
    holder, cron, timezone = settings.executor_id, settings.cron, settings.timezone
    catalog = settings.catalog
    opened = open_conversation(places, store, engine, holder=holder, cron=cron, timezone=timezone, catalog=catalog)
    async with opened as conversation:
        tools = Tools(
            store=store,
            engine=engine,
            conversation=conversation,
            shelf=Shelf(store=store, open_ref=opener(models)),
            places=places,
            clock=utc_now,
            stop_s=settings.stop_s,
            catalog=catalog,
            live=models,
            opinion=Bedrock(settings.evaluation, models) if settings.evaluation else None,
        )
        _stop_on_signals(tools.stopping)
        await durable.launch(places.engine_url, settings, tools)
        log.info("worker ready", executor=settings.executor_id)
        await _sweep(tools, settings.sweep_s)
        log.info("worker stops", seconds=settings.stop_s)
        await durable.stop(settings.stop_s)
        await tools.shelf.close()
    await engine.close()
    await store.close()


async def _sweep(tools: Tools, seconds: float) -> None:
    sweep = Sweep(tools)
    while not tools.stopping.is_set():
        await attempt(sweep(), task="sweep")
        with suppress(TimeoutError):
            await asyncio.wait_for(tools.stopping.wait(), seconds)


def _stop_on_signals(stopping: asyncio.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
