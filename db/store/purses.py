"""What migrations may spend and have. What is set aside for calls in flight counts: workers share one budget."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import question_card, status_card
from db.records import Movement, Purse, QuestionKind
from db.store.audit import append
from db.store.cards import bump
from db.store.migrations import found
from db.store.noun import Noun
from db.store.rows import insert, insert_new
from db.tables import holds, purses, questions
from pipeline.hashing import canonical_json

H, P, Q = holds.c, purses.c, questions.c
NOTHING = Movement()


class Purses(Noun):
    async def get(self, migration_id: str) -> Purse:
        """An empty purse without a limit where nothing was ever charged or set."""
        async with self.db.read() as tx:
            return await _purse(tx, migration_id)

    async def set_budget(self, migration_id: str, usd: float | None, *, by: str) -> Purse:
        """Let a migration spend `usd` in all, what is spent already included; None for no limit. Who was stopped may go on."""
        async with self.db.write() as tx:
            migration = await found(tx, migration_id, lock=True)
            before = await locked(tx, migration_id)
            await tx.execute(update(purses).where(P.migration_id == migration_id).values(budget_usd=usd, stopped=None))
            if before.budget != usd:
                detail = {"usd": canonical_json(usd), "before": canonical_json(before.budget)}
                await append(tx, by, "budget", team=migration.team, migration_id=migration_id, detail=detail, at=self.clock())
            await _bump(tx, migration_id)
            return await _purse(tx, migration_id)

    async def move(self, migration_id: str, holder: str, wanted: Sequence[float], past: Movement = NOTHING) -> tuple[Purse, int]:
        """Settle `past`, then set aside for the first calls of `wanted` that fit; the purse, and how many those are.

        None fits once the purse was stopped, until somebody sets the budget.
        """
        async with self.db.write() as tx:
            purse = await locked(tx, migration_id)
            if past != NOTHING:
                await _settle(tx, migration_id, holder, past)
                purse = await _purse(tx, migration_id)
            let = 0 if purse.stopped else _fitting(purse, wanted)
            if let:
                await _set_aside(tx, migration_id, holder, wanted[:let])
            return await _purse(tx, migration_id), let

    async def stop(self, migration_id: str, sentence: str) -> None:
        """Remember why no call is allowed any more."""
        async with self.db.write() as tx:
            await locked(tx, migration_id)
            await tx.execute(update(purses).where(P.migration_id == migration_id).values(stopped=sentence))
            await _bump(tx, migration_id)

    async def forfeit(self, alive: Collection[str]) -> int:
        """Charge what everybody but `alive` had set aside: nobody knows whether those calls were billed. How many there were."""
        async with self.db.write() as tx:
            gone = (await tx.execute(delete(holds).where(H.holder.not_in(alive)).returning(H.migration_id, H.usd, H.calls))).all()
            for row in gone:
                await spend(tx, row.migration_id, row.usd)
            return sum(int(row.calls) for row in gone)


def _fitting(purse: Purse, wanted: Sequence[float]) -> int:
    sums, room = 0.0, purse
    for let, usd in enumerate(wanted):
        if not room.fits(sums + usd):
            return let
        sums += usd
    return len(wanted)


async def spend(tx: AsyncConnection, migration_id: str, usd: float) -> None:
    """Charged for good, or given back where `usd` is negative; the purse is locked."""
    await tx.execute(update(purses).where(P.migration_id == migration_id).values(spent_usd=P.spent_usd + usd))


async def locked(tx: AsyncConnection, migration_id: str) -> Purse:
    """The purse, made if there is none, and nobody else's until the transaction ends."""
    await insert_new(tx, purses, {"migration_id": migration_id, "budget_usd": None, "spent_usd": 0.0, "stopped": None})
    await tx.execute(select(P.migration_id).where(P.migration_id == migration_id).with_for_update())
    return await _purse(tx, migration_id)


async def _purse(tx: AsyncConnection, migration_id: str) -> Purse:
    row = (await tx.execute(select(purses).where(P.migration_id == migration_id))).first()
    held = (await tx.execute(_held(migration_id))).one()
    return _read(migration_id, row, held)


def _held(migration_id: str) -> Select[Any]:
    return select(func.sum(H.usd).label("usd"), func.sum(H.calls).label("calls")).where(H.migration_id == migration_id)


def _read(migration_id: str, row: Row[Any] | None, held: Row[Any]) -> Purse:
    calls = int(held.calls or 0)
    usd = float(held.usd or 0.0) if calls else 0.0  # sums of floats leave a rest
    if row is None:
        return Purse(migration_id=migration_id, held=usd, open=calls)
    return Purse(migration_id=migration_id, budget=row.budget_usd, spent=row.spent_usd, held=usd, open=calls, stopped=row.stopped)


async def _settle(tx: AsyncConnection, migration_id: str, holder: str, past: Movement) -> None:
    mine = (H.migration_id == migration_id) & (H.holder == holder)
    await tx.execute(update(holds).where(mine).values(usd=H.usd - past.back, calls=H.calls - past.ended))
    await tx.execute(delete(holds).where(mine, H.calls <= 0))
    await spend(tx, migration_id, past.spent)


async def _set_aside(tx: AsyncConnection, migration_id: str, holder: str, usd: Sequence[float]) -> None:
    row = {"migration_id": migration_id, "holder": holder, "usd": sum(usd), "calls": len(usd)}
    more = {"usd": H.usd + sum(usd), "calls": H.calls + len(usd)}
    adding = insert(tx, holds).values(**row).on_conflict_do_update(index_elements=["migration_id", "holder"], set_=more)
    await tx.execute(adding)


async def _bump(tx: AsyncConnection, migration_id: str) -> None:
    """The messages that show the budget: the status card, and the plan that is asked about."""
    asked = select(Q.key).where(Q.migration_id == migration_id, Q.kind == QuestionKind.PLAN, Q.closed_at.is_(None))
    keys = (await tx.scalars(asked)).all()
    await bump(tx, status_card(migration_id), *(question_card(migration_id, key) for key in keys))
