"""Fresh stores for tests, cheap enough for one in every test: a copy of a migrated SQLite file, or an emptied Postgres database.

Each test process makes its own file and its own database once. FERRY_TEST_POSTGRES_URL names a Postgres server whose user may
create databases; without it those tests are skipped.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from db import Store, open_store
from db.engine import SCHEMA
from db.migrate import upgrade
from db.places import Places
from db.tables import METADATA

POSTGRES = "FERRY_TEST_POSTGRES_URL"
CROWDED = "many connections"
"""Group of the tests that take the most connections; Postgres usually has 100, and the suite takes up to 86."""
DATABASES = ("sqlite", "postgres")
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class SteadyClock:
    """A clock that moves when it is told to."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


async def make_tables(home: Path) -> None:
    """The empty SQLite database of a folder that has none, so that opening it does not take the third of a second."""
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "app.db").exists():
        shutil.copy(await asyncio.to_thread(_sqlite_template), home / "app.db")


@asynccontextmanager
async def sqlite_store(home: Path, clock: SteadyClock | None = None) -> AsyncIterator[Store]:
    """A store on an empty SQLite database in `home`."""
    await make_tables(home)
    store = await open_store(Places(home=home), clock or SteadyClock())
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def postgres_store(home: Path, clock: SteadyClock | None = None) -> AsyncIterator[Store]:
    """A store on this process's Postgres database, emptied before. The test is skipped where no server is named."""
    url = await asyncio.to_thread(_postgres_url)
    await _empty(url)
    store = await open_store(Places(home=home, database_url=url), clock or SteadyClock())
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def fresh_store(database: str, home: Path, clock: SteadyClock | None = None) -> AsyncIterator[Store]:
    """A store on `sqlite` or `postgres`."""
    opened = postgres_store if database == "postgres" else sqlite_store
    async with opened(home, clock) as store:
        yield store


@asynccontextmanager
async def postgres_database() -> AsyncIterator[str]:
    """The URL of an empty Postgres database, dropped at the end. Takes a second: `postgres_store` is for everyday tests."""
    name = f"ferry_test_{uuid4().hex}"
    await _administer(f'CREATE DATABASE "{name}"')
    try:
        yield _url_of(name)
    finally:
        await _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def server_url() -> str:
    """The server's URL; skips the test where there is none."""
    url = os.environ.get(POSTGRES)
    if not url:
        pytest.skip(f"no Postgres: {POSTGRES} is not set")
    return url


def _url_of(name: str) -> str:
    return urlunsplit(urlsplit(server_url())._replace(path=f"/{name}"))


async def _administer(statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(_url_of("postgres"), autocommit=True) as connection:
        await connection.execute(SQL(statement))


@cache
def _sqlite_template() -> Path:
    home = Path(tempfile.mkdtemp(prefix="ferry-template-"))
    asyncio.run(upgrade(Places(home=home).app_url))
    return home / "app.db"


@cache
def _postgres_url() -> str:
    name = f"ferry_test_{uuid4().hex}"
    asyncio.run(_administer(f'CREATE DATABASE "{name}"'))
    asyncio.run(upgrade(Places(home=Path(), database_url=_url_of(name)).app_url))
    return _url_of(name)


async def _empty(url: str) -> None:
    """Delete what earlier tests left, references before what they refer to; a connection they leaked is an error, not a wait."""
    async with await psycopg.AsyncConnection.connect(url, options=f"-c search_path={SCHEMA} -c lock_timeout=5s") as connection:
        for table in reversed(METADATA.sorted_tables):
            await connection.execute(SQL("DELETE FROM {}").format(Identifier(table.name)))


def drop_databases() -> None:
    """Remove what this process made for its tests."""
    if _sqlite_template.cache_info().currsize:
        shutil.rmtree(_sqlite_template().parent)
    if _postgres_url.cache_info().currsize:
        name = urlsplit(_postgres_url()).path.strip("/")
        asyncio.run(_administer(f'DROP DATABASE "{name}" WITH (FORCE)'))
