"""One SQLite file, opened the way all of Ferry opens it: in WAL, by connections that let go of their locks.

A connection lives in a thread of its own, and each visit there costs more than most statements. SQLAlchemy's adapter makes four
for a query (open a cursor, execute, fetch, close); the cursor here makes one.
"""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import aiosqlite

PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL")
WAL_TRIES, WAL_PAUSE_S = 1000, 0.01
PORTION = 256
"""Rows that are fetched with the statement; of a longer result the rest stays in SQLite until it is asked for."""
Row = Any


class FileConnection(aiosqlite.Connection):
    """Rolls back before it closes.

    A cancelled transaction closes its connection, but SQLite keeps a closed one, with its lock, as long as any cursor of it is
    alive, and the traceback of the cancellation keeps one: every other writer would wait for the garbage collector.
    """

    def cursor(self) -> "OneVisitCursor":  # type: ignore[override]
        # SQLAlchemy enters what it gets, and waits for that alone
        return OneVisitCursor(self)

    async def visit(self, call: Any, *given: Any) -> Any:  # noqa: ANN401  what the call gives
        """What `call` gives in the connection's thread."""
        return await self._execute(call, *given)  # type: ignore[no-untyped-call]

    async def rollback(self) -> None:
        """Nothing to be done, and no visit, after a transaction that has ended: the pool asks each time."""
        if self._conn.in_transaction:
            await super().rollback()

    async def close(self) -> None:
        if self._connection is not None:
            await self.rollback()
        await super().close()


class OneVisitCursor:
    """An asynchronous cursor as SQLAlchemy uses it: what it says of a statement is kept, and so are the first rows."""

    arraysize = 1

    def __init__(self, connection: FileConnection) -> None:
        self._connection = connection
        self._open: sqlite3.Cursor | None = None
        self._rows: list[Row] = []
        self.description: Any = None
        self.rowcount, self.lastrowid = -1, 0

    async def __aenter__(self) -> "OneVisitCursor":
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> "OneVisitCursor":
        await self._connection.visit(self._run, sqlite3.Cursor.execute, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> "OneVisitCursor":
        await self._connection.visit(self._run, sqlite3.Cursor.executemany, sql, parameters)
        return self

    async def fetchone(self) -> Row | None:
        found = await self.fetchmany(1)
        return found[0] if found else None

    async def fetchmany(self, size: int | None = None) -> Sequence[Row]:
        count = size or self.arraysize
        if len(self._rows) < count and self._open is not None:
            self._rows += await self._connection.visit(self._fetch, self._open, max(count, PORTION))
        found, self._rows = self._rows[:count], self._rows[count:]
        return found

    async def fetchall(self) -> Sequence[Row]:
        if self._open is not None:
            self._rows += await self._connection.visit(self._fetch, self._open, -1)
        found, self._rows = self._rows, []
        return found

    async def close(self) -> None:
        if self._open is not None:
            cursor, self._open = self._open, None
            await self._connection.visit(cursor.close)

    def _run(self, how: Any, sql: str, parameters: Any) -> None:  # noqa: ANN401
        """In the connection's thread, as is `_fetch`."""
        with ExitStack() as unless_it_runs:
            cursor = unless_it_runs.enter_context(closing(self._connection._conn.cursor()))
            how(cursor, sql, parameters)
            unless_it_runs.pop_all()
        self._open, self.description = cursor, cursor.description
        self._rows = self._fetch(cursor, PORTION)
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid or 0

    def _fetch(self, cursor: sqlite3.Cursor, count: int) -> list[Row]:
        """Closes the cursor with its last row."""
        found = cursor.fetchall() if count < 0 else cursor.fetchmany(count)
        if count < 0 or len(found) < count:
            self._open = None
            cursor.close()
        return found


async def connect(path: str, pragmas: tuple[str, ...]) -> FileConnection:
    """A connection in a thread that a process which ends does not wait for, as SQLAlchemy has it."""
    connection = FileConnection(partial(open_file, path, pragmas), iter_chunk_size=64)
    connection._thread.daemon = True
    await connection
    return connection


def prepare_file(path: str) -> None:
    """Make `path` a SQLite file that many processes may open at once, whoever reads and writes it afterwards. Blocks."""
    open_file(path, PRAGMAS).close()


def open_file(path: str, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    """Runs in the thread of the connection. No isolation level: the driver would begin late, the engine does it."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in pragmas:
            _set(connection, pragma)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _set(connection: sqlite3.Connection, pragma: str) -> None:
    """Asked again while another process holds the file: for the switch of a new file to WAL, SQLite heeds no busy timeout."""
    for left in reversed(range(WAL_TRIES)):
        try:
            connection.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not left:
                raise
            time.sleep(WAL_PAUSE_S)
        else:
            return
