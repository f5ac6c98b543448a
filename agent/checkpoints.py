"""Where the graph keeps its position: a SQLite file of its own, or a schema of its own in Postgres."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from db.places import Places
from db.sqlite import prepare_file

SCHEMA = "graph"
BUSY_S = 30.0
SETUP_LOCK = 7_020_112
"""Any number that nothing else in the database locks."""


def serializer() -> JsonPlusSerializer:
    """Strict: what is not a plain value comes back as data, never as an object."""
    return JsonPlusSerializer(allowed_msgpack_modules=None)


@asynccontextmanager
async def open_checkpoints(places: Places) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    """The saver of `places`, with its tables made; several processes may open it at once."""
    opened = _postgres(places.graph_url) if places.database_url else _sqlite(places.graph_url)
    async with opened as saver:
        yield saver


@asynccontextmanager
async def _sqlite(path: str) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    import aiosqlite
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    await asyncio.to_thread(prepare_file, path)
    async with aiosqlite.connect(path, timeout=BUSY_S) as connection:
        await connection.execute("PRAGMA synchronous=NORMAL")  # as the facts: a position ahead of them would be no better
        saver = AsyncSqliteSaver(connection, serde=serializer())
        await saver.setup()
        yield saver


@asynccontextmanager
async def _postgres(url: str) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
    from psycopg.rows import dict_row
    from psycopg_pool import AsyncConnectionPool

    kwargs = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row, "options": f"-c search_path={SCHEMA}"}
    check = AsyncConnectionPool.check_connection  # one that broke while it was not used is replaced
    async with AsyncConnectionPool(url, min_size=1, max_size=4, kwargs=kwargs, check=check, open=False) as pool:
        saver = AsyncPostgresSaver(pool, serde=serializer())  # type: ignore[arg-type]
        await _set_up(pool, saver)
        yield saver


async def _set_up(pool: Any, saver: Any) -> None:  # noqa: ANN401  psycopg's and the saver's generic types do not meet
    """One process at a time. Polled, because CREATE INDEX CONCURRENTLY would wait for whoever waits inside a statement."""
    async with pool.connection() as connection:
        while not await _locked(connection):  # noqa: ASYNC110  another process holds it, no event of ours would tell
            await asyncio.sleep(0.1)
        try:
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            await saver.setup()
        finally:
            await connection.execute(f"SELECT pg_advisory_unlock({SETUP_LOCK})")


async def _locked(connection: Any) -> bool:  # noqa: ANN401
    found = await connection.execute(f"SELECT pg_try_advisory_lock({SETUP_LOCK}) AS got")
    return bool((await found.fetchone())["got"])
