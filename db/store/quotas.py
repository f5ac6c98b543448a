"""The lines of limits that workers share, each moved by one statement at the database's clock; and what workers say of theirs."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Double, case, cast, delete, extract, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import ScalarSelect

from db.records import LimitTold, QuotaLease
from db.store.noun import Noun
from db.store.rows import insert, records, upsert, values
from db.tables import limits_told, quotas

Q, T = quotas.c, limits_told.c
REMEMBERED = timedelta(hours=1)


class Quotas(Noun):
    async def lease(self, key: str, seconds: float, back: float, horizon: float) -> QuotaLease:
        """Lend `seconds` of the line of `key`, as `pipeline.models.limits.line.lend` does."""
        async with self.db.write() as tx:
            now = self._now(tx)
            start = _later(_later(Q.line, now) - back, now)
            given = start <= now + horizon
            moving = update(quotas).where(Q.key == key)
            moving = moving.values(line=case((given, start + seconds), else_=start), lent_from=case((given, start)))
            moving = moving.returning(Q.line, Q.lent_from, now.label("now"))
            row = (await tx.execute(moving)).first()
            if row is None:
                await tx.execute(insert(tx, quotas).values(key=key, line=0.0, lent_from=None).on_conflict_do_nothing())
                row = (await tx.execute(moving)).one()
            return QuotaLease(now=row.now, start=row.lent_from, line=row.line)

    async def hand_back(self, key: str, seconds: float, line: float) -> None:
        """Take `seconds` off the end of the line, if it still stands where the lease left it."""
        async with self.db.write() as tx:
            await tx.execute(update(quotas).where(Q.key == key, Q.line == line).values(line=line - seconds))

    async def tell(self, told: Sequence[LimitTold]) -> None:
        """Keep what a worker says; what nobody has said for an hour is forgotten."""
        async with self.db.write() as tx:
            await upsert(tx, limits_told, [values(each) for each in told])
            await tx.execute(delete(limits_told).where(T.at < self.clock() - REMEMBERED))

    async def told(self) -> tuple[LimitTold, ...]:
        """By model and worker."""
        async with self.db.read() as tx:
            rows = (await tx.execute(select(limits_told).order_by(T.ref, T.key, T.worker))).all()
        return records(LimitTold, rows)

    def _now(self, tx: AsyncConnection) -> ScalarSelect[float]:
        """Seconds of the database's clock, one moment for the whole statement; SQLite has none, and one process."""
        if tx.dialect.name == "sqlite":
            return select(literal(self.clock().timestamp())).scalar_subquery()
        moment = select(cast(extract("epoch", func.clock_timestamp()), Double).label("now")).cte("moment")
        return select(moment.c.now).scalar_subquery()


def _later(one: ColumnElement[float], other: ColumnElement[float]) -> ColumnElement[float]:
    return case((one > other, one), else_=other)
