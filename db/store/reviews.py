"""Blind pairs and what SMEs said of them. Which run is A and which is B stays here."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import question_card, review_card, status_card
from db.records import Assignment, Preference
from db.store.audit import append
from db.store.cards import bump, bump_status
from db.store.migrations import found
from db.store.noun import Noun
from db.store.rows import insert_missing, insert_new, record, values
from db.tables import assignments, preferences, questions
from pipeline.errors import RefusedError

A, P, Q = assignments.c, preferences.c, questions.c
JUDGED = select(P.assignment_id).where(P.assignment_id == A.id).exists()


class Reviews(Noun):
    async def open(self, given: Sequence[Assignment]) -> None:
        """Hand out pairs, each SME's in this order; a pair somebody already has in this round is not given again."""
        rows = [values(a) | {"pair": "|".join(sorted((a.run_a, a.run_b))), "position": n} for n, a in enumerate(given)]
        async with self.db.write() as tx:
            await insert_missing(tx, assignments, rows)
            for migration_id in sorted({a.migration_id for a in given}):
                await bump_status(tx, migration_id)

    async def next_for(self, migration_id: str, round_number: int, sme: str) -> Assignment | None:
        """The first pair this SME has not judged."""
        query = select(assignments).where(*_of(migration_id, round_number), A.sme == sme, ~JUDGED)
        async with self.db.read() as tx:
            row = (await tx.execute(query.order_by(A.position, A.id).limit(1))).first()
        return record(Assignment, row) if row else None

    async def get(self, assignment_id: str) -> Assignment:
        """Raises RefusedError for an unknown id."""
        async with self.db.read() as tx:
            return await _get(tx, assignment_id)

    async def prefer(self, preference: Preference) -> tuple[Preference, bool]:
        """The preference that stands for this pair, and whether it is this one. RefusedError once the review is closed."""
        async with self.db.write() as tx:
            assignment = await _get(tx, preference.assignment_id)
            await _still_open(tx, assignment)
            if not await insert_new(tx, preferences, values(preference)):
                return await _standing(tx, assignment.id), False
            await _trace(tx, assignment, preference)
            return preference, True

    async def explain(self, assignment_id: str, by: str, reason: str) -> bool:
        """Add the reason to one's own preference; False when there is none of this person."""
        own = (P.assignment_id == assignment_id) & (P.by == by)
        async with self.db.write() as tx:
            await _still_open(tx, await _get(tx, assignment_id))
            explained = update(preferences).where(own).values(reason=reason).returning(P.by)
            return (await tx.execute(explained)).first() is not None

    async def progress(self, migration_id: str, round_number: int) -> Mapping[str, tuple[int, int]]:
        """SME -> pairs judged and pairs given."""
        query = select(A.sme, func.count(P.assignment_id), func.count()).select_from(assignments.outerjoin(preferences))
        async with self.db.read() as tx:
            rows = await tx.execute(query.where(*_of(migration_id, round_number)).group_by(A.sme).order_by(A.sme))
            return {sme: (done, total) for sme, done, total in rows}

    async def preferences(self, migration_id: str, round_number: int) -> tuple[tuple[Assignment, Preference], ...]:
        """Every judged pair of a round, in the order they were given out."""
        query = select(assignments, preferences).join(preferences).where(*_of(migration_id, round_number))
        async with self.db.read() as tx:
            rows = await tx.execute(query.order_by(A.position, A.id))
            return tuple((record(Assignment, row), record(Preference, row)) for row in rows)


def _of(migration_id: str, round_number: int) -> tuple[Any, ...]:
    return (A.migration_id == migration_id, A.round == round_number)


async def _first(tx: AsyncConnection, query: Select[Any]) -> Row[Any]:
    row: Row[Any] | None = (await tx.execute(query)).first()
    if row is None:
        raise RefusedError("This pair is not known here. `/migrate status` brings your next one.")
    return row


async def _get(tx: AsyncConnection, assignment_id: str) -> Assignment:
    return record(Assignment, await _first(tx, select(assignments).where(A.id == assignment_id)))


async def _standing(tx: AsyncConnection, assignment_id: str) -> Preference:
    return record(Preference, await _first(tx, select(preferences).where(P.assignment_id == assignment_id)))


async def _still_open(tx: AsyncConnection, assignment: Assignment) -> None:
    asked = select(Q.closed_at).where(Q.migration_id == assignment.migration_id, Q.key == f"review:{assignment.round}")
    if await tx.scalar(asked.with_for_update()) is not None:
        raise RefusedError(
            "This review is closed; the report counts what was said until then. The owner can ask for another round."
        )


async def _trace(tx: AsyncConnection, assignment: Assignment, preference: Preference) -> None:
    migration = await found(tx, assignment.migration_id)
    await bump(
        tx, review_card(migration.id, assignment.round, assignment.sme),
        question_card(migration.id, f"review:{assignment.round}"), status_card(migration.id),
    )  # fmt: skip
    detail = {"assignment": assignment.id, "choice": str(preference.choice), "reason": preference.reason}
    await append(tx, preference.by, "preferred", team=migration.team, migration_id=migration.id, detail=detail, at=preference.at)
