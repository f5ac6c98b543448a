"""Who holds what for a moment: one row per name, taken when free or run out."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_

from db.store.noun import Noun
from db.store.rows import insert
from db.tables import leases

L = leases.c


class Leases(Noun):
    async def take(self, name: str, holder: str, seconds: float, now: datetime) -> bool:
        """Hold `name` until `seconds` from now. True for one holder at a time; the holder itself renews it."""
        until = now + timedelta(seconds=seconds)
        async with self.db.write() as tx:
            statement = insert(tx, leases).values(name=name, holder=holder, until=until)
            free = or_(L.until <= now, L.holder == holder)
            taking = statement.on_conflict_do_update(index_elements=["name"], set_={"holder": holder, "until": until}, where=free)
            return (await tx.execute(taking.returning(L.name))).first() is not None

    async def release(self, name: str, holder: str) -> None:
        """Let go of `name`, if this holder still has it."""
        async with self.db.write() as tx:
            await tx.execute(delete(leases).where(L.name == name, L.holder == holder))
