"""Jobs of Advanced Prompt Optimization by plan and target: who asked, how far they are and what came of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import prompts_card
from db.records import AdvpoJob, JobState
from db.store.audit import append
from db.store.cards import bump
from db.store.migrations import found
from db.store.noun import Noun
from db.store.rows import insert_new, record, records, values
from db.tables import advpo_jobs

J = advpo_jobs.c
OPEN = (JobState.QUEUED, JobState.RUNNING)


class Advpo(Noun):
    async def ask(self, wanted: AdvpoJob) -> tuple[AdvpoJob, bool]:
        """The request that stands for this plan and target, and whether it is this one.

        One that is open or has brought its candidate stands. After one that brought nothing the next attempt is begun; attempts
        are counted over all plans of the migration, since the service knows a job by what it was sent.
        """
        of_target = and_(J.migration_id == wanted.migration_id, J.target == wanted.target)
        async with self.db.write() as tx:
            team = (await found(tx, wanted.migration_id, lock=True)).team
            last = await _last(tx, and_(of_target, J.number == wanted.number))
            if last is not None and last.state is not JobState.FAILED:
                return last, False
            failed = await tx.scalar(select(func.count()).select_from(advpo_jobs).where(of_target, J.state == JobState.FAILED))
            begun = values(wanted) | {"attempt": 1 + int(failed or 0)}
            await insert_new(tx, advpo_jobs, begun)
            await self._write(tx, wanted, team, wanted.by, "asked for an optimisation")
            return AdvpoJob(**begun), True

    async def stop(self, job: AdvpoJob, *, by: str) -> bool:
        """Somebody wants it stopped; the first one stands, and whether it is this one is returned."""
        async with self.db.write() as tx:
            team = (await found(tx, job.migration_id, lock=True)).team
            stopping = update(advpo_jobs).where(_is(job), J.state.in_(OPEN), J.stopped_by.is_(None))
            if (await tx.execute(stopping.values(stopped_by=by).returning(J.target))).first() is None:
                return False
            await self._write(tx, job, team, by, "stopped an optimisation")
        return True

    async def of(self, migration_id: str, number: int) -> tuple[AdvpoJob, ...]:
        """The requests of a plan, by target and attempt."""
        query = select(advpo_jobs).where(J.migration_id == migration_id, J.number == number)
        async with self.db.read() as tx:
            return records(AdvpoJob, await tx.execute(query.order_by(J.target, J.attempt)))

    async def unfinished(self) -> tuple[AdvpoJob, ...]:
        """Every open one, also of migrations that are over: its job is still to be stopped."""
        query = select(advpo_jobs).where(J.state.in_(OPEN)).order_by(J.migration_id, J.number, J.target)
        async with self.db.read() as tx:
            return records(AdvpoJob, await tx.execute(query))

    async def send(self, job: AdvpoJob, at: datetime) -> None:
        """It is about to be sent: from now on the service may have it, whether or not it answers."""
        await self._now(job, and_(J.begun_at.is_(None)), begun_at=at)

    async def begin(self, job: AdvpoJob, arn: str, at: datetime) -> None:
        """The service has it, under this ARN; the first one stands."""
        await self._now(job, and_(J.job.is_(None)), state=JobState.RUNNING, job=arn, note="", begun_at=at)

    async def delay(self, job: AdvpoJob, note: str) -> None:
        """What is in the way of an open one for now."""
        await self._now(job, and_(J.note != note), note=note)

    async def finish(self, job: AdvpoJob, note: str, prompt_hash: str | None = None) -> None:
        """The candidate it brought, or why there is none; the first end stands."""
        state = JobState.DONE if prompt_hash else JobState.FAILED
        await self._now(job, and_(J.prompt_hash.is_(None)), state=state, note=note, prompt_hash=prompt_hash)

    async def _now(self, asked: AdvpoJob, unless: ColumnElement[bool], **given: Any) -> None:  # noqa: ANN401  columns
        async with self.db.write() as tx:
            changed = update(advpo_jobs).where(_is(asked), J.state.in_(OPEN), unless).values(**given).returning(J.target)
            if (await tx.execute(changed)).first() is not None:
                await bump(tx, prompts_card(asked.migration_id, asked.number))

    async def _write(self, tx: AsyncConnection, job: AdvpoJob, team: str, by: str, what: str) -> None:
        """The trace of what a person wants, and the card that shows it."""
        detail = {"target": job.target, "number": str(job.number)}
        await append(tx, by, what, team=team, migration_id=job.migration_id, detail=detail, at=self.clock())
        await bump(tx, prompts_card(job.migration_id, job.number))


def _is(job: AdvpoJob) -> ColumnElement[bool]:
    one = (J.migration_id == job.migration_id, J.number == job.number, J.target == job.target, J.attempt == job.attempt)
    return and_(*one)


async def _last(tx: AsyncConnection, of: ColumnElement[bool]) -> AdvpoJob | None:
    row = (await tx.execute(select(advpo_jobs).where(of).order_by(J.attempt.desc()).limit(1))).first()
    return record(AdvpoJob, row) if row else None
