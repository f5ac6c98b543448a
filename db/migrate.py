"""Brings a database to the tables of this code, under a lock: however many processes start at once, one of them does it."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import SCHEMA, Database
from pipeline.errors import PermanentError

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent
LOCK = 0x6665727279  # "ferry"


async def upgrade(url: str) -> None:
    """Create or upgrade the tables at `url` in one transaction; does nothing but look when they are up to date.

    Raises PermanentError when a newer Ferry wrote the database.
    """
    database = Database(url, foreign_keys=False)  # SQLite changes a table by copying it, which references would forbid
    try:
        if await is_current(database):
            return
        async with database.write(begin="EXCLUSIVE") as tx:
            await _lock(tx)
            await _upgrade(tx)
    finally:
        await database.close()


async def is_current(database: Database) -> bool:
    """Whether its tables are those of this code."""
    async with database.read() as tx:
        return await _revision(tx) == known()[-1]


def known() -> list[str]:
    """The revisions of this code, oldest first: `v0001`, `v0002`, ..."""
    return sorted(path.stem.partition("_")[0] for path in (HERE / "versions").glob("v*.py"))


async def _lock(tx: AsyncConnection) -> None:
    """SQLite is locked by the transaction itself; Postgres needs to be asked, and has a schema to be made."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        await tx.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))


async def _upgrade(tx: AsyncConnection) -> None:
    found = await _revision(tx)
    if found == known()[-1]:
        return
    if found and found not in known():
        raise PermanentError(
            f"A newer Ferry wrote this data (revision {found}). Install that version, or use another data folder."
        )
    from alembic import command

    await tx.run_sync(lambda connection: command.upgrade(config_for(connection), "head"))


async def _revision(tx: AsyncConnection) -> str | None:
    if not await tx.run_sync(lambda connection: inspect(connection).has_table("alembic_version")):
        return None
    found: str | None = await tx.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def config_for(connection: Connection) -> "Config":
    """Alembic's configuration, for an open connection that its commands shall use."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    for option, value in {
        "script_location": str(HERE / "alembic"),
        "version_locations": str(HERE / "versions"),
        "path_separator": "newline",
        "file_template": "%%(rev)s_%%(slug)s",
    }.items():
        config.set_main_option(option, value)
    return config
