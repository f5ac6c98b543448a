"""Transactions on SQLite or Postgres, the same for the store: `read` sees one moment, `write` commits all of it or nothing.

SQLite has one writer at a time: writes queue for one connection and begin IMMEDIATE, because a transaction that reads first and
writes later fails at once when another one wrote in between, whatever the busy timeout.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as QueueTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from db.sqlite import PRAGMAS, connect
from pipeline.errors import TemporaryError

QUEUE_S = 60
SCHEMA = "ferry"
SESSION = (
    f"search_path TO {SCHEMA}",
    "idle_in_transaction_session_timeout TO '30s'",
    "tcp_keepalives_idle TO 5",
    "tcp_keepalives_interval TO 2",
    "tcp_keepalives_count TO 3",
)
"""Our tables have a schema of their own, named here, so that no statement has to. The others let go of the locks of a host that
was cut off in the middle of a transaction; without them the database would keep them for hours."""
PASSING = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")


class Database:
    """The engines of one store. It belongs to the event loop that uses it first; `close` it there."""

    def __init__(self, url: str, *, foreign_keys: bool = True) -> None:
        """`url`: SQLAlchemy URL with driver aiosqlite or psycopg. `foreign_keys` can be left out on SQLite only."""
        pragmas = (*PRAGMAS, f"foreign_keys={'ON' if foreign_keys else 'OFF'}")
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._reader = _sqlite(url, 5, (*pragmas, "query_only=ON")) if self.is_sqlite else _postgres(url)
        self._writer = _sqlite(url, 1, pragmas) if self.is_sqlite else self._reader

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for queries. Raises TemporaryError while the database cannot be reached."""
        with _told_as_passing():
            async with self._reader.connect() as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def write(self, begin: str = "IMMEDIATE") -> AsyncIterator[AsyncConnection]:
        """A transaction that commits when the block ends and rolls back when it raises or is cancelled.

        Raises TemporaryError while the database cannot be reached or stays locked by another process.
        """
        with _told_as_passing():
            async with self._writer.connect() as connection:
                await connection.execution_options(begin=begin)
                async with connection.begin():
                    yield connection

    async def close(self) -> None:
        """Close every connection; the database may be used again after it."""
        await self._reader.dispose()
        await self._writer.dispose()


@contextmanager
def _told_as_passing() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, QueueTimeout) as error:
        if isinstance(error, DBAPIError) and not _passes(error):
            raise
        raise TemporaryError("The database cannot be reached right now. Try again in a minute; the log says why.") from error


def _passes(error: DBAPIError) -> bool:
    """True for a lost or refused connection, a lock held too long, a full disk; not for a statement that is wrong."""
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(PASSING)
    return error.connection_invalidated or isinstance(error, OperationalError)


def _sqlite(url: str, connections: int, pragmas: tuple[str, ...]) -> AsyncEngine:
    path = make_url(url).database or ""
    engine = create_async_engine(
        url,
        async_creator=partial(connect, path, pragmas),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=QUEUE_S,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")


def _postgres(url: str) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=10, max_overflow=10, pool_timeout=QUEUE_S, pool_pre_ping=True, hide_parameters=True
    )
    event.listen(engine.sync_engine, "connect", _prepare_postgres, insert=True)
    return engine


def _prepare_postgres(connection: Any, _record: object) -> None:  # noqa: ANN401
    before, connection.autocommit = connection.autocommit, True
    cursor = connection.cursor()
    cursor.execute("; ".join(f"SET {setting}" for setting in SESSION))
    cursor.close()
    connection.autocommit = before
