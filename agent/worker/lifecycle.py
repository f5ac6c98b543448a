"""Whether the target of a monitor retires: looked up once a day, told once for each thing there is to say."""

import asyncio
from dataclasses import replace

import structlog

from agent import told
from agent.planning import provider
from agent.worker.tools import Tools
from db.records import MessageKind
from pipeline.errors import FerryError
from pipeline.models.catalog import ModelFacts
from pipeline.models.catalog.names import split

log = structlog.get_logger()


async def lifecycle(tools: Tools, monitor_id: str, _day: str) -> None:
    """Ask AWS about a Bedrock target, the catalogue about any; a service that does not answer is asked again tomorrow."""
    from pipeline.monitor.lifecycle import notice

    monitor = await tools.store.monitors.get(monitor_id)
    facts = await _facts(tools, monitor.target)
    found = notice(facts, tools.clock().date()) if facts and monitor.active else None
    if found is None:
        return
    migration = await tools.store.migrations.get(monitor.migration_id)
    key = told.lifecycle_key(monitor_id, found.key)
    if await tools.store.messages.get(key) is None:
        await told.tell(tools.store, migration, key, MessageKind.PROBLEM, body=found.message)


async def failed(_tools: Tools, sentence: str, monitor_id: str, _day: str) -> None:
    """Nobody waits for it: the log keeps why, and the next day asks again."""
    log.warning("lifecycle not looked up", monitor=monitor_id, why=sentence)


async def _facts(tools: Tools, ref: str) -> ModelFacts | None:
    from pipeline.models.catalog.live import read_model

    if provider(ref) != "bedrock" or tools.live is None:
        return tools.catalog.of(ref)
    try:
        live = await asyncio.to_thread(read_model, tools.live, split(ref)[1])
    except FerryError as error:
        log.warning("lifecycle not answered", model=ref, why=error.message)
        return tools.catalog.of(ref)
    return replace(tools.catalog, live=live).of(ref)
