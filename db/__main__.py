"""`python -m db "What changes"` writes the next revision: the difference between db/tables and what db/versions make."""

import asyncio
import sys
import tempfile
from functools import partial

from sqlalchemy import Connection

from db.engine import Database
from db.migrate import config_for, known, upgrade


def _revise(message: str, connection: Connection) -> None:
    from alembic import command

    command.revision(config_for(connection), message, autogenerate=True, rev_id=f"v{len(known()) + 1:04}")


async def write_revision(message: str) -> None:
    """Compare the tables with those of a database that has every revision so far; the difference becomes the next one."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/empty.db"
        if known():
            await upgrade(url)
        database = Database(url)
        try:
            async with database.write() as tx:
                await tx.run_sync(partial(_revise, message))
        finally:
            await database.close()


if __name__ == "__main__":
    asyncio.run(write_revision(" ".join(sys.argv[1:]) or "Unnamed"))
