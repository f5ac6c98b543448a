"""Doubted references: shown to one SME each, answered once, and corrected in the next dataset version."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import corrections_card, references_card, status_card
from db.records import OVER, Migration, ReferenceAnswer, ReferenceCheck
from db.store.audit import append
from db.store.cards import bump
from db.store.migrations import found
from db.store.noun import Noun
from db.store.rows import insert_missing, record, records, values
from db.tables import migrations, reference_checks
from pipeline.errors import RefusedError

C = reference_checks.c


class References(Noun):
    async def open(self, given: Sequence[ReferenceCheck]) -> None:
        """Hand out checks. A sample that was in doubt in this migration before is not asked about again: one answer stands."""
        ids = {check.migration_id for check in given}
        async with self.db.write() as tx:
            for migration_id in sorted(ids):
                await found(tx, migration_id, lock=True)
            known = select(C.migration_id, C.sample_id).where(C.migration_id.in_(ids))
            before = {(migration_id, sample_id) for migration_id, sample_id in await tx.execute(known)}
            fresh = [values(check) for check in given if (check.migration_id, check.sample_id) not in before]
            await insert_missing(tx, reference_checks, fresh)

    async def get(self, check_id: str) -> ReferenceCheck:
        """Raises RefusedError for an unknown id."""
        async with self.db.read() as tx:
            return await _get(tx, check_id)

    async def next_for(self, migration_id: str, round_number: int, sme: str) -> ReferenceCheck | None:
        """The first check of this SME without an answer."""
        query = _of(migration_id, round_number).where(C.sme == sme, C.answer.is_(None))
        async with self.db.read() as tx:
            row = (await tx.execute(query.limit(1))).first()
        return record(ReferenceCheck, row) if row else None

    async def waiting_for(self, team: str, user: str) -> tuple[tuple[Migration, int], ...]:
        """Migrations in which this SME is asked about references, and how many have no answer yet; oldest first."""
        mine = select(C.migration_id, func.count()).join(migrations).where(C.sme == user, C.answer.is_(None))
        going = (migrations.c.team == team, migrations.c.status.not_in(OVER))
        query = mine.where(*going).group_by(C.migration_id, migrations.c.created_at).order_by(migrations.c.created_at)
        async with self.db.read() as tx:
            rows = (await tx.execute(query)).all()
            return tuple([(await found(tx, migration_id), count) for migration_id, count in rows])

    async def progress(self, migration_id: str, round_number: int) -> Mapping[str, tuple[int, int]]:
        """SME -> checks answered and checks given."""
        counted = select(C.sme, func.count(C.answer), func.count()).where(C.migration_id == migration_id, C.round == round_number)
        async with self.db.read() as tx:
            return {sme: (done, total) for sme, done, total in await tx.execute(counted.group_by(C.sme).order_by(C.sme))}

    async def listed(self, migration_id: str, round_number: int | None = None) -> tuple[ReferenceCheck, ...]:
        """Every check of a migration or of one round, in the order they were given out."""
        async with self.db.read() as tx:
            return records(ReferenceCheck, await tx.execute(_of(migration_id, round_number)))

    async def answer(
        self, check_id: str, answer: ReferenceAnswer, *, by: str, at: datetime, reference: str | None = None
    ) -> tuple[ReferenceCheck, bool]:
        """The check as it stands answered, and whether it is by this answer: the first one stands.

        RefusedError for an unknown check and for a fix that says nothing.
        """
        said = reference if answer is ReferenceAnswer.FIX else None
        if answer is ReferenceAnswer.FIX and not (said or "").strip():
            raise RefusedError("A corrected reference has to say something. Press Fix again, or keep the reference as it is.")
        given = {"answer": answer, "reference": said, "by": by, "at": at}
        async with self.db.write() as tx:
            check = await _get(tx, check_id)
            answering = update(reference_checks).where(C.id == check_id, C.answer.is_(None)).values(**given).returning(C.id)
            first = (await tx.execute(answering)).first() is not None
            if first:
                await _trace(tx, replace(check, answer=answer, reference=said, by=by, at=at))
            return await _get(tx, check_id), first


def _of(migration_id: str, round_number: int | None) -> Select[Any]:
    query = select(reference_checks).where(C.migration_id == migration_id)
    if round_number is not None:
        query = query.where(C.round == round_number)
    return query.order_by(C.round, C.position, C.id)


async def _get(tx: AsyncConnection, check_id: str) -> ReferenceCheck:
    row: Row[Any] | None = (await tx.execute(select(reference_checks).where(C.id == check_id))).first()
    if row is None:
        raise RefusedError("This reference is not asked about here. `/migrate status` shows what the migration waits for.")
    return record(ReferenceCheck, row)


async def _trace(tx: AsyncConnection, check: ReferenceCheck) -> None:
    """Who said what of which sample, and every card that shows it."""
    migration = await found(tx, check.migration_id)
    cards = (references_card(migration.id, check.round, check.sme), corrections_card(migration.id, check.round))
    await bump(tx, *cards, status_card(migration.id))
    detail = {"sample": check.sample_id, "answer": str(check.answer), "reference": check.reference or ""}
    await append(
        tx, check.by or "", "checked a reference", team=migration.team, migration_id=migration.id, detail=detail,
        at=check.at or migration.created_at,
    )  # fmt: skip
