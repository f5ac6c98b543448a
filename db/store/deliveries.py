"""The inbox: everything Slack sends is written here before it is acknowledged, once per key.

Slack sends in bursts and waits three seconds, and SQLite has one writer: deliveries that arrive until a transaction has begun
share it, so that a burst costs one commit. Each is answered only after the commit that holds its row.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from db.records import Delivery
from db.store.noun import Noun
from db.store.rows import insert, records, values
from db.tables import deliveries

D = deliveries.c


@dataclass(frozen=True, slots=True)
class _Batch:
    """Deliveries that share a transaction; `written` gives the state of each, in their order."""

    deliveries: list[Delivery]
    written: "asyncio.Task[Sequence[str]]"


@dataclass(frozen=True)
class Deliveries(Noun):
    _open: list[_Batch] = field(default_factory=list)
    """The batch that still takes deliveries, because its transaction has not begun; none or one."""

    async def receive(self, key: str, kind: str, body_json: str, now: datetime) -> str:
        """`new` for the first delivery with this key; for the others `waiting` or `done`, which is where the first one is."""
        delivery = Delivery(key=key, kind=kind, body_json=body_json, state="waiting", received_at=now)
        batch = self._open[0] if self._open else self._begin()
        batch.deliveries.append(delivery)
        place = len(batch.deliveries) - 1
        try:
            return (await batch.written)[place]
        except (DBAPIError, ValueError):  # one of them is no text a database can hold: each is written alone, and fails alone
            return (await self._write([delivery]))[0]

    def _begin(self) -> _Batch:
        together: list[Delivery] = []
        self._open.append(_Batch(together, asyncio.create_task(self._write(together))))
        return self._open[0]

    async def _write(self, together: list[Delivery]) -> Sequence[str]:
        try:
            async with self.db.write() as tx:
                self._close(together)
                return await _insert(tx, together)
        finally:
            self._close(together)  # what cannot begin fails for those that wait for it, and for nobody after them

    def _close(self, together: list[Delivery]) -> None:
        if self._open and self._open[0].deliveries is together:
            self._open.clear()

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


async def _insert(tx: AsyncConnection, batch: Sequence[Delivery]) -> Sequence[str]:
    """Write those whose key is free, in one order, so that two writers never wait for each other; the state of each."""
    first = {delivery.key: delivery for delivery in reversed(batch)}
    rows = [values(first[key]) for key in sorted(first)]
    statement = insert(tx, deliveries).on_conflict_do_nothing().returning(D.key)
    new = set((await tx.scalars(statement, rows)).all())
    query = select(D.key).where(D.key.in_(first.keys() - new), D.state != "waiting")
    done = set((await tx.scalars(query)).all()) if len(new) < len(first) else set()
    return [
        "done" if delivery.key in done else "new" if delivery.key in new and delivery is first[delivery.key] else "waiting"
        for delivery in batch
    ]
