"""Who is alive. A name has one holder at a time, for as long as its beats renew it.

Times are the database's where it has a clock of its own: hosts whose clocks differ declare nobody dead who lives.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.records import Process, ProcessKind
from db.store.noun import Noun
from db.store.rows import insert, record
from db.tables import processes

P = processes.c


class Processes(Noun):
    async def take(
        self, kind: ProcessKind, name: str, holder: str, host: str, seconds: float, *, inherits: frozenset[str] = frozenset()
    ) -> str | None:
        """Hold `name` for `seconds`; its last holder, who is dead, or `` for a new name. None while a living one holds it.

        `inherits` are holders who are known to be dead, though their time has not run out.
        """
        async with self.db.write() as tx:
            last = await tx.scalar(select(P.holder).where(P.kind == kind, P.name == name).with_for_update())
            now = await self._now(tx)
            row = {"kind": kind, "name": name, "holder": holder, "host": host, "started_at": now, "beat_at": now}
            row["until"] = now + timedelta(seconds=seconds)
            free = or_(P.until <= now, P.holder.in_((holder, *inherits)))
            taking = insert(tx, processes).values(**row)
            taking = taking.on_conflict_do_update(index_elements=["kind", "name"], set_=row, where=free)
            return last or "" if (await tx.execute(taking.returning(P.name))).first() is not None else None

    async def beat(self, kind: ProcessKind, name: str, holder: str, seconds: float) -> bool:
        """Say that the holder lives and goes on for `seconds`; False when the name is somebody else's, or forgotten."""
        async with self.db.write() as tx:
            now = await self._now(tx)
            beating = update(processes).where(_held(kind, name, holder))
            beating = beating.values(beat_at=now, until=now + timedelta(seconds=seconds))
            return (await tx.execute(beating.returning(P.name))).first() is not None

    async def leave(self, kind: ProcessKind, name: str, holder: str) -> None:
        """Let go of the name: others need not wait for its time to run out."""
        async with self.db.write() as tx:
            await tx.execute(update(processes).where(_held(kind, name, holder)).values(until=await self._now(tx)))

    async def bury(self, kind: ProcessKind) -> None:
        """Take the names of those whose time ran out away from them: one that comes to itself again cannot go on."""
        async with self.db.write() as tx:
            dead = update(processes).where(P.kind == kind, P.until <= await self._now(tx))
            await tx.execute(dead.values(holder=""))

    async def forget(self, kind: ProcessKind, seconds: float) -> None:
        """Forget those whose time ran out so long ago."""
        async with self.db.write() as tx:
            before = await self._now(tx) - timedelta(seconds=seconds)
            await tx.execute(delete(processes).where(P.kind == kind, P.until <= before))

    async def listed(self) -> tuple[Process, ...]:
        """Every name that is not forgotten, bots first."""
        async with self.db.read() as tx:
            now = await self._now(tx)
            rows = (await tx.execute(select(processes).order_by(P.kind, P.name))).all()
        return tuple(record(Process, row, silent_s=(now - row.beat_at).total_seconds(), alive=row.until > now) for row in rows)

    async def ahead_s(self) -> float:
        """How far the clock of this host is ahead of the database's, in seconds."""
        async with self.db.read() as tx:
            return (self.clock() - await self._now(tx)).total_seconds()

    async def _now(self, tx: AsyncConnection) -> datetime:
        if tx.dialect.name == "sqlite":
            return self.clock()
        now: datetime = (await tx.execute(select(func.clock_timestamp()))).scalar_one()
        return now


def _held(kind: ProcessKind, name: str, holder: str) -> ColumnElement[bool]:
    return and_(P.kind == kind, P.name == name, P.holder == holder)
