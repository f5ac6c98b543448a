"""What the store never does: plain SQL on its database."""

from sqlalchemy import text

from db import Store


async def statement(store: Store, sql: str) -> None:
    """Run one statement on the database of the store."""
    async with store._database.write() as tx:
        await tx.execute(text(sql))


async def scalar(store: Store, sql: str) -> object:
    """The first value of the first line of a query."""
    async with store._database.read() as tx:
        return await tx.scalar(text(sql))
