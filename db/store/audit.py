"""The audit chain: every link hashes the one before it, so a changed, removed or moved event is found."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.columns import clean
from db.records import AuditEvent
from db.store.noun import Noun
from db.store.rows import insert, record, records, values
from db.tables import audit_events, audit_head
from pipeline.hashing import canonical_json, content_hash

HEAD = 1


def link_hash(event: AuditEvent) -> str:
    """The hash of everything in an event but its own hash; the time in UTC to the microsecond."""
    return content_hash(values(event, "hash", "at") | {"at": event.at.astimezone(UTC).isoformat()})


async def append(
    tx: AsyncConnection, actor: str, action: str, *, team: str, migration_id: str | None, detail: Mapping[str, str], at: datetime
) -> AuditEvent:
    """Add a link in the caller's transaction. Always its last statement: whoever appends holds the end of the chain."""
    seq, previous = await _take_end(tx)
    event = AuditEvent(
        seq=seq, at=at, team=team, migration_id=migration_id, actor=actor, action=action,
        detail_json=clean(canonical_json(detail)), previous=previous, hash="",
    )  # fmt: skip
    link = values(event) | {"hash": link_hash(event)}
    await tx.execute(insert(tx, audit_events).values(**link))
    await tx.execute(update(audit_head).values(hash=link["hash"]))
    return AuditEvent(**link)


async def _take_end(tx: AsyncConnection) -> tuple[int, str]:
    """The next number and the last hash. The row stays locked until the transaction ends, so there is one next."""
    statement = insert(tx, audit_head).values(id=HEAD, seq=1, hash="")
    taken = statement.on_conflict_do_update(index_elements=["id"], set_={"seq": audit_head.c.seq + 1})
    row = (await tx.execute(taken.returning(audit_head.c.seq, audit_head.c.hash))).one()
    return row.seq, row.hash


class Audit(Noun):
    async def add(
        self,
        actor: str,
        action: str,
        *,
        team: str,
        migration_id: str | None = None,
        detail: Mapping[str, str] | None = None,
        at: datetime,
    ) -> AuditEvent:
        """Record something nothing else records: a refused attempt, a failed login, a start."""
        async with self.db.write() as tx:
            return await append(tx, actor, action, team=team, migration_id=migration_id, detail=detail or {}, at=at)

    async def events(self, migration_id: str | None = None) -> tuple[AuditEvent, ...]:
        """All events, or those of one migration, oldest first."""
        query = select(audit_events).order_by(audit_events.c.seq)
        if migration_id is not None:
            query = query.where(audit_events.c.migration_id == migration_id)
        async with self.db.read() as tx:
            return records(AuditEvent, await tx.execute(query))

    async def verify(self) -> int | None:
        """The first number at which the chain is broken (changed, missing, moved), or None when it is whole."""
        async with self.db.read() as tx:
            head = (await tx.execute(select(audit_head))).first()
            seq, previous = 0, ""
            async with tx.stream(select(audit_events).order_by(audit_events.c.seq)) as links:
                async for row in links:
                    if not _follows(row, seq, previous):
                        return seq + 1
                    seq, previous = row.seq, row.hash
        return None if (seq, previous) == ((head.seq, head.hash) if head else (0, "")) else seq + 1


def _follows(row: Row[tuple[object, ...]], seq: int, previous: str) -> bool:
    event = record(AuditEvent, row)
    return (event.seq, event.previous, event.hash) == (seq + 1, previous, link_hash(event))
