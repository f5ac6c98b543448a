"""Batch jobs by run: which were made, how far they are, how they ended. And the choice that runs may go that way."""

from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import progress_card, question_card
from db.records import CALLED_OFF, BatchChoice, Purse, QuestionKind, RunBatch
from db.store.audit import append
from db.store.cards import bump
from db.store.migrations import found
from db.store.noun import Noun
from db.store.purses import locked, spend
from db.store.rows import insert, insert_new, record, values
from db.tables import batch_choices, batch_jobs, migrations, questions, runs
from pipeline.hashing import canonical_json
from pipeline.models.batch.records import BatchJob, Ending

C, J, Q, R = batch_choices.c, batch_jobs.c, questions.c, runs.c


class Batches(Noun):
    async def choose(self, migration_id: str, *, wanted: bool, by: str) -> bool:
        """Let runs on test go by batch, or not. True when that is news; the plan that is asked about shows it."""
        row = {"migration_id": migration_id, "wanted": wanted, "by": by, "at": self.clock()}
        async with self.db.write() as tx:
            team = (await found(tx, migration_id, lock=True)).team
            before = await tx.scalar(select(C.wanted).where(C.migration_id == migration_id))
            if bool(before) == wanted:
                return False
            choosing = insert(tx, batch_choices).values(**row)
            await tx.execute(choosing.on_conflict_do_update(index_elements=["migration_id"], set_=row))
            asked = select(Q.key).where(Q.migration_id == migration_id, Q.kind == QuestionKind.PLAN, Q.closed_at.is_(None))
            await bump(tx, *(question_card(migration_id, key) for key in (await tx.scalars(asked)).all()))
            detail = {"batch": canonical_json(wanted)}
            await append(tx, by, "batch jobs", team=team, migration_id=migration_id, detail=detail, at=self.clock())
        return True

    async def choice(self, migration_id: str) -> BatchChoice | None:
        """None where nobody chose: then calls are made on demand."""
        async with self.db.read() as tx:
            row = (await tx.execute(select(batch_choices).where(C.migration_id == migration_id))).first()
        return record(BatchChoice, row) if row else None

    async def plan(self, batch: RunBatch) -> None:
        """What is to be made is known before the service is asked; the first plan of an attempt stands."""
        async with self.db.write() as tx:
            await insert_new(tx, batch_jobs, values(batch, "job") | values(batch.job))

    async def of(self, *run_ids: str) -> tuple[RunBatch, ...]:
        """By run, span and attempt."""
        return await self._all(select(batch_jobs).where(J.run_id.in_(run_ids)).order_by(J.run_id, J.low, J.attempt))

    async def unwanted(self) -> tuple[RunBatch, ...]:
        """Jobs under way of migrations that are over: they are still to be stopped."""
        query = select(batch_jobs).join(migrations, migrations.c.id == J.migration_id)
        return await self._all(query.where(J.ending.is_(None), migrations.c.status.in_(CALLED_OFF)).order_by(J.run_id, J.low))

    async def charge(self, batch: RunBatch, usd: float) -> Purse | None:
        """What a planned job costs at most: on its row and in the purse at once, in place of what was there before.

        The purse where it does not allow that; then nothing is changed.
        """
        async with self.db.write() as tx:
            purse = await locked(tx, batch.migration_id)
            before = await tx.scalar(select(J.usd).where(_open(batch), J.arn.is_(None)))
            more = 0.0 if before is None else usd - before
            if more > 0 and (purse.stopped or not purse.fits(more)):
                return purse
            await tx.execute(update(batch_jobs).where(_open(batch), J.arn.is_(None)).values(usd=usd))
            await spend(tx, batch.migration_id, more)
        return None

    async def begin(self, batch: RunBatch, arn: str) -> None:
        """The service has it, charged as it was planned; the first ARN stands."""
        async with self.db.write() as tx:
            await _change(tx, batch, J.arn.is_(None), arn=arn)

    async def see(self, batch: RunBatch, status: str, records: int = 0, done: int = 0) -> None:
        """How far it is, or what is in its way for now."""
        async with self.db.write() as tx:
            await _change(tx, batch, or_(J.status != status, J.done != done), status=status, records=records, done=done)

    async def finish(self, batch: RunBatch, ending: Ending, usd: float | None = None) -> bool:
        """True for the one caller whose ending stands: it is charged with it as `usd`, or stays charged as it is with None."""
        async with self.db.write() as tx:
            await locked(tx, batch.migration_id)
            before = await tx.scalar(select(J.usd).where(_open(batch)))
            if before is None:
                return False
            now = before if usd is None else usd
            await spend(tx, batch.migration_id, now - before)
            return await _change(tx, batch, J.ending.is_(None), ending=ending, usd=now)

    async def _all(self, query: Select[Any]) -> tuple[RunBatch, ...]:
        async with self.db.read() as tx:
            return tuple(_batch(row) for row in await tx.execute(query))


def _open(batch: RunBatch) -> ColumnElement[bool]:
    return and_(J.run_id == batch.run_id, J.low == batch.job.low, J.attempt == batch.job.attempt, J.ending.is_(None))


async def _change(tx: AsyncConnection, batch: RunBatch, unless: ColumnElement[bool], **given: Any) -> bool:  # noqa: ANN401  columns
    changing = update(batch_jobs).where(_open(batch), unless).values(**given).returning(J.low)
    if (await tx.execute(changing)).first() is None:
        return False
    stage = str(await tx.scalar(select(R.stage).where(R.id == batch.run_id)))
    await bump(tx, progress_card(batch.migration_id, stage))
    return True


def _batch(row: Row[Any]) -> RunBatch:
    ending = None if row.ending is None else Ending(row.ending)
    return record(RunBatch, row, job=record(BatchJob, row, ending=ending))
