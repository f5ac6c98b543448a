"""Transactions on SQLite or Postgres, the same for the store: `read` sees one moment, `write` commits all of it or nothing.

SQLite has one writer at a time: writes queue for one connection and begin IMMEDIATE, because a transaction that reads first and
writes later fails at once when another one wrote in between, whatever the busy timeout.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL")
QUEUE_S = 60
SCHEMA = "ferry"


class Database:
    """The engines of one store. It belongs to the event loop that uses it first; `close` it there."""

    def __init__(self, url: str, *, foreign_keys: bool = True) -> None:
        """`url`: SQLAlchemy URL with driver aiosqlite or psycopg. `foreign_keys` can be left out on SQLite only."""
        pragmas = (*PRAGMAS, f"foreign_keys={'ON' if foreign_keys else 'OFF'}")
        self.is_sqlite = url.startswith("sqlite")
        self._reader = _sqlite(url, 5, (*pragmas, "query_only=ON")) if self.is_sqlite else _postgres(url)
        self._writer = _sqlite(url, 1, pragmas) if self.is_sqlite else self._reader

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for queries."""
        async with self._reader.connect() as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def write(self, begin: str = "IMMEDIATE") -> AsyncIterator[AsyncConnection]:
        """A transaction that commits when the block ends and rolls back when it raises or is cancelled."""
        async with self._writer.connect() as connection:
            await connection.execution_options(begin=begin)
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        """Close every connection; the database may be used again after it."""
        await self._reader.dispose()
        await self._writer.dispose()


def _sqlite(url: str, connections: int, pragmas: tuple[str, ...]) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=connections, max_overflow=0, pool_timeout=QUEUE_S)
    event.listen(engine.sync_engine, "connect", partial(_prepare_sqlite, pragmas))
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(pragmas: tuple[str, ...], connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's connection
    connection.isolation_level = None  # the driver would begin late and deferred; `_begin_sqlite` does it
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")


def _postgres(url: str) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=10, max_overflow=10, pool_timeout=QUEUE_S, pool_pre_ping=True)
    event.listen(engine.sync_engine, "connect", _prepare_postgres, insert=True)
    return engine


def _prepare_postgres(connection: Any, _record: object) -> None:  # noqa: ANN401
    """Our tables have a schema of their own; named here, so that no statement has to."""
    before, connection.autocommit = connection.autocommit, True
    cursor = connection.cursor()
    cursor.execute(f"SET search_path TO {SCHEMA}")
    cursor.close()
    connection.autocommit = before
