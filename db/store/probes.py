"""What a search paid for, call by call: kept before the search goes on, and never paid for twice."""

from sqlalchemy import select

from db.store.noun import Noun
from db.store.rows import insert_new
from db.tables import probes

P = probes.c


class Probes(Noun):
    async def put(self, migration_id: str, key: str, entry: str) -> None:
        """Keep the entry of a key; the first one stands."""
        row = {"migration_id": migration_id, "key": key, "entry_zstd": entry, "at": self.clock()}
        async with self.db.write() as tx:
            await insert_new(tx, probes, row)

    async def get(self, migration_id: str, key: str) -> str | None:
        async with self.db.read() as tx:
            entry: str | None = await tx.scalar(select(P.entry_zstd).where(P.migration_id == migration_id, P.key == key))
        return entry
