"""The inbox: everything Slack sends is written here before it is acknowledged, once per key."""

from datetime import datetime

from sqlalchemy import delete, select, update

from db.records import Delivery
from db.store.noun import Noun
from db.store.rows import insert_new, records, values
from db.tables import deliveries

D = deliveries.c


class Deliveries(Noun):
    async def receive(self, key: str, kind: str, body_json: str, now: datetime) -> str:
        """`new` for the first delivery with this key; for the others `waiting` or `done`, which is where the first one is."""
        delivery = Delivery(key=key, kind=kind, body_json=body_json, state="waiting", received_at=now)
        async with self.db.write() as tx:
            if await insert_new(tx, deliveries, values(delivery)):
                return "new"
            state = await tx.scalar(select(D.state).where(D.key == key))
            return "waiting" if state == "waiting" else "done"

    async def done(self, key: str, *, refused: bool = False) -> None:
        """Its effect is written; `refused` when what it asked was not allowed."""
        async with self.db.write() as tx:
            await tx.execute(update(deliveries).where(D.key == key).values(state="refused" if refused else "done"))

    async def waiting(self, before: datetime) -> tuple[Delivery, ...]:
        """Received before that time and not done, oldest first: their handler was cut short."""
        query = select(deliveries).where(D.state == "waiting", D.received_at < before).order_by(D.received_at, D.key)
        async with self.db.read() as tx:
            return records(Delivery, await tx.execute(query))

    async def forget(self, before: datetime) -> int:
        """Delete what was done and received before that time; returns how many. Slack redelivers for minutes, not for days."""
        async with self.db.write() as tx:
            return (await tx.execute(delete(deliveries).where(D.state != "waiting", D.received_at < before))).rowcount
