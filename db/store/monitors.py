"""The standing comparisons and their ticks. A tick is claimed by one process; a claim whose holder died, or failed, runs out."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, Select, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import digest_card, problem_card
from db.records import Digest, MessageKind, Monitor
from db.store.cards import post
from db.store.migrations import found
from db.store.noun import Noun
from db.store.rows import insert, insert_new, record, records, values
from db.tables import digests, monitors
from pipeline.errors import RefusedError

D, M = digests.c, monitors.c
FIRST_PAUSE, PATIENCE = timedelta(minutes=1), timedelta(hours=4)


class Monitors(Noun):
    async def add(self, monitor: Monitor) -> Monitor:
        """The monitor of this target of this migration; the first one given stands."""
        same = select(monitors).where(M.migration_id == monitor.migration_id, M.target == monitor.target)
        async with self.db.write() as tx:
            await insert_new(tx, monitors, values(monitor))
            return record(Monitor, (await tx.execute(same)).one())

    async def get(self, monitor_id: str) -> Monitor:
        """Raises RefusedError for an unknown id."""
        async with self.db.read() as tx:
            row = (await tx.execute(select(monitors).where(M.id == monitor_id))).first()
        if row is None:
            raise RefusedError("This monitor is not known here. The home tab lists the ones that run.")
        return record(Monitor, row)

    async def active(self) -> tuple[Monitor, ...]:
        """Those the clock has to wind."""
        async with self.db.read() as tx:
            return records(Monitor, await tx.execute(select(monitors).where(M.active).order_by(M.id)))

    async def switch(self, monitor_id: str, *, active: bool) -> None:
        """Start or stop the clock of a monitor."""
        async with self.db.write() as tx:
            await tx.execute(update(monitors).where(M.id == monitor_id).values(active=active))

    async def claim(self, monitor_id: str, tick: str, now: datetime, lease_s: float = 60) -> Digest | None:
        """The digest of this tick for the one caller that shall make it, for `lease_s` seconds; None for everybody else."""
        until = now + timedelta(seconds=lease_s)
        row = {
            "id": uuid4().hex,
            "monitor_id": monitor_id,
            "tick": tick,
            "state": "claimed",
            "claimed_at": now,
            "lease_until": until,
        }
        again = and_(D.state == "claimed", D.lease_until <= now)
        async with self.db.write() as tx:
            statement = insert(tx, digests).values(**row)
            claim = statement.on_conflict_do_update(
                index_elements=["monitor_id", "tick"], set_={"lease_until": until}, where=again
            )
            claimed = (await tx.execute(claim.returning(digests))).first()
        return _digest(claimed) if claimed else None

    async def attach(self, digest_id: str, run_id: str) -> None:
        """Note the run that measures this tick."""
        async with self.db.write() as tx:
            await tx.execute(update(digests).where(D.id == digest_id, D.state == "claimed").values(run_id=run_id))

    async def finish(self, digest_id: str, json: str) -> bool:
        """Keep the result of a tick and tell it; True for the first result, which stands."""
        done = {"state": "done", "json_zstd": json}
        async with self.db.write() as tx:
            statement = update(digests).where(D.id == digest_id, D.state == "claimed").values(**done)
            row = (await tx.execute(statement.returning(digests))).first()
            if row is not None:
                await self._tell(tx, row, digest_card(row.monitor_id, row.tick), MessageKind.DIGEST, subject=row.id)
            return row is not None

    async def fail(self, digest_id: str, problem: str, now: datetime) -> None:
        """A try at a tick failed; the first problem is told in the thread.

        The next try comes after as long as the tick has been tried so far. After four hours it ends without a result, and the
        next tick starts fresh.
        """
        claimed = and_(D.id == digest_id, D.state == "claimed")
        async with self.db.write() as tx:
            row = (await tx.execute(select(digests).where(claimed).with_for_update())).first()
            if row is None:
                return
            tried = now - row.claimed_at
            change = {"state": "done"} if tried >= PATIENCE else {"lease_until": now + max(tried, FIRST_PAUSE)}
            await tx.execute(update(digests).where(claimed).values(**change))
            await self._tell(tx, row, problem_card(row.monitor_id, row.tick), MessageKind.PROBLEM, body=problem)

    async def _tell(
        self, tx: AsyncConnection, digest: Row[Any], key: str, kind: MessageKind, *, subject: str = "", body: str = ""
    ) -> None:
        of = select(M.migration_id).where(M.id == digest.monitor_id)
        migration = await found(tx, (await tx.execute(of)).scalar_one())
        await post(tx, key, migration_id=migration.id, channel=migration.channel, kind=kind, subject=subject, body=body)

    async def digests(self, monitor_id: str) -> tuple[Digest, ...]:
        """Every tick of a monitor, oldest first."""
        return await self._digests(select(digests).where(D.monitor_id == monitor_id))

    async def expired(self, now: datetime) -> tuple[Digest, ...]:
        """Claimed, not done and out of time: to be claimed again by whoever lives. Every step towards a digest is idempotent."""
        return await self._digests(select(digests).where(D.state == "claimed", D.lease_until <= now))

    async def digest(self, digest_id: str) -> Digest:
        """Raises RefusedError for an unknown id."""
        found = await self._digests(select(digests).where(D.id == digest_id))
        if not found:
            raise RefusedError("This digest is not known here. The home tab lists the monitors and their last digests.")
        return found[0]

    async def _digests(self, query: Select[Any]) -> tuple[Digest, ...]:
        async with self.db.read() as tx:
            return tuple(_digest(row) for row in await tx.execute(query.order_by(D.claimed_at, D.id)))


def _digest(row: Row[Any]) -> Digest:
    return record(Digest, row, json=row.json_zstd)
