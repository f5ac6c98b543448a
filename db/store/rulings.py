"""Rulings of judges by key: one that was paid for stands, and is never paid for again."""

from sqlalchemy import select

from db.store.noun import Noun
from db.store.rows import insert_new, record, values
from db.tables import rulings
from pipeline.metrics.judge.rulings import Ruling

R = rulings.c


class Rulings(Noun):
    """A RulingCache of the pipeline."""

    async def get(self, key: str) -> Ruling | None:
        async with self.db.read() as tx:
            row = (await tx.execute(select(rulings).where(R.key == key))).first()
        return record(Ruling, row, text=row.text_zstd) if row else None

    async def put(self, key: str, ruling: Ruling) -> None:
        """Store it; where there is one with this key already, that one stands."""
        row = values(ruling, "text") | {"key": key, "text_zstd": ruling.text, "at": self.clock()}
        async with self.db.write() as tx:
            await insert_new(tx, rulings, row)
