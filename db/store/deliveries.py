"""The inbox: everything Slack sends is written here before it is acknowledged, once per key.

Slack sends in bursts and waits three seconds, and SQLite has one writer: deliveries that arrive until a transaction has begun
share it, so that a burst costs one commit. Each is answered only after the commit that holds its row.

Of several bots one works on a delivery: who wrote it down, or who took it over from a bot that is dead. Bots that do not say who
they are, because there is only one, are in nobody's way.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, delete, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from db.records import Delivery, ProcessKind
from db.store.noun import Noun
from db.store.rows import insert, records, values
from db.tables import deliveries, processes

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

    async def receive(self, key: str, kind: str, body_json: str, now: datetime, by: str = "") -> str:
        """`new` for the first delivery with this key; for the others `waiting` or `done`, which is where the first one is.

        `taken` is for one that another living bot than `by` works on.
        """
        delivery = Delivery(key=key, kind=kind, body_json=body_json, state="waiting", received_at=now, taken_by=by)
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

    async def waiting(self, before: datetime, by: str = "", inherits: frozenset[str] = frozenset()) -> tuple[Delivery, ...]:
        """Received before that time and not done, oldest first: their handler was cut short. From now on they are taken by `by`.

        Left out are those that a living bot works on, `by` among them; `inherits` are some that are known to be dead.
        """
        others = and_(_free(by, inherits), D.taken_by != by) if by else _free(by)
        waiting = and_(D.state == "waiting", D.received_at < before, others)
        async with self.db.write() as tx:
            taken = (await tx.execute(update(deliveries).where(waiting).values(taken_by=by).returning(deliveries))).all()
        return tuple(sorted(records(Delivery, taken), key=lambda delivery: (delivery.received_at, delivery.key)))

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
    known = D.key.in_(first.keys() - new)
    states = await _states(tx, known, batch[0].taken_by) if len(new) < len(first) else {}
    return [
        "new" if delivery.key in new and delivery is first[delivery.key] else states.get(delivery.key, "waiting")
        for delivery in batch
    ]


async def _states(tx: AsyncConnection, known: ColumnElement[bool], by: str) -> dict[str, str]:
    """Where deliveries are that were written down before; those of a dead bot are taken over."""
    await tx.execute(update(deliveries).where(known, D.state == "waiting", _free(by)).values(taken_by=by))
    query = select(D.key, case((D.state != "waiting", "done"), (D.taken_by == by, "waiting"), else_="taken")).where(known)
    return {row[0]: row[1] for row in await tx.execute(query)}


def _free(by: str, inherits: frozenset[str] = frozenset()) -> ColumnElement[bool]:
    """What no other living bot works on; the row of a dead one is removed by whoever notices it first."""
    alive = select(processes.c.holder).where(processes.c.kind == ProcessKind.BOT, processes.c.holder == D.taken_by)
    return or_(D.taken_by.in_(("", by, *inherits)), ~alive.exists())
