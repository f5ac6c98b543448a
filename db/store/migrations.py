"""Migrations: opened once per request, found by thread or person, changed with a trace."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, String, and_, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import question_card, status_card, stuck_card
from db.records import OVER, MessageKind, Migration, MigrationStatus, NewMigration, QuestionKind
from db.store.audit import append
from db.store.cards import bump, bump_all, bump_status, new_message, post, show
from db.store.noun import Noun
from db.store.rows import Values, insert_new, record, records, values
from db.tables import decisions, migrations, prompts, questions
from pipeline.errors import RefusedError
from pipeline.hashing import canonical_json

D, M = decisions.c, migrations.c
STOPPED = {MigrationStatus.CANCELLED, MigrationStatus.PAUSED}
ASKED_APART = (MessageKind.REVIEW, MessageKind.REFERENCES)
"""What asks one person something in their own conversation, and must not any more when the migration is over."""
FINAL = ("approve", "reject")
"""Answers to the sign-off that end a migration."""


async def found(tx: AsyncConnection, migration_id: str, *, lock: bool = False) -> Migration:
    """The migration, kept from changing until the transaction ends with `lock`; RefusedError when there is none."""
    query = select(migrations).where(M.id == migration_id)
    row = (await tx.execute(query.with_for_update(key_share=True) if lock else query)).first()
    if row is None:
        raise RefusedError("This migration is not known here. `/migrate list` shows the ones that are.")
    return record(Migration, row)


async def _is_decided(tx: AsyncConnection, migration_id: str) -> bool:
    """Whether the sign-off is decided for good. Its question is locked first: a decision being written is waited for and seen."""
    mine = and_(questions.c.migration_id == migration_id, questions.c.kind == QuestionKind.SIGN_OFF)
    asked = (await tx.scalars(select(questions.c.key).where(mine).order_by(questions.c.key).with_for_update())).all()
    final = and_(D.migration_id == migration_id, D.question.in_(asked), D.answer.in_(FINAL))
    return (await tx.execute(select(D.question).where(final).limit(1))).first() is not None


class Migrations(Noun):
    async def open(self, new: NewMigration) -> Migration:
        """The migration asked for by `new.origin`; the first time with its original prompt and its status card to post."""
        row = values(new, "prompt") | {"id": uuid4().hex, "status": MigrationStatus.OPEN, "created_at": self.clock()}
        async with self.db.write() as tx:
            if await insert_new(tx, migrations, row):
                await self._equip(tx, row, new)
            return record(Migration, (await tx.execute(select(migrations).where(M.origin == new.origin))).one())

    async def _equip(self, tx: AsyncConnection, row: Values, new: NewMigration) -> None:
        migration_id = row["id"]
        original = {"migration_id": migration_id, "hash": new.prompt.hash, "original": True, "prompt": new.prompt}
        await insert_new(tx, prompts, original)
        await post(
            tx, status_card(migration_id), migration_id=migration_id, channel=new.channel, kind=MessageKind.STATUS,
            subject=migration_id, place="root",
        )  # fmt: skip
        detail = {"name": new.name, "source": new.source, "targets": ", ".join(new.targets), "prompt": new.prompt.hash}
        await append(tx, new.requester, "opened", team=new.team, migration_id=migration_id, detail=detail, at=self.clock())

    async def get(self, migration_id: str) -> Migration:
        """Raises RefusedError for an unknown id."""
        async with self.db.read() as tx:
            return await found(tx, migration_id)

    async def by_thread(self, channel: str, thread_ts: str) -> Migration | None:
        async with self.db.read() as tx:
            row = (await tx.execute(select(migrations).where(M.channel == channel, M.thread_ts == thread_ts))).first()
        return record(Migration, row) if row else None

    async def listed(self, team: str, user: str) -> tuple[Migration, ...]:
        """Those in which a person is requester, owner or SME, newest first."""
        is_sme = type_coerce(M.smes, String).contains(canonical_json(user), autoescape=True)
        query = select(migrations).where(M.team == team, or_(M.requester == user, M.owner == user, is_sme))
        return await self._all(query.order_by(M.created_at.desc(), M.id))

    async def active(self) -> tuple[Migration, ...]:
        """Open ones, oldest first: what start-up has to move on."""
        return await self._all(select(migrations).where(M.status == MigrationStatus.OPEN).order_by(M.created_at, M.id))

    async def every(self) -> tuple[Migration, ...]:
        """All of all teams, newest first: for the operator, who has the database anyway."""
        return await self._all(select(migrations).order_by(M.created_at.desc(), M.id))

    async def _all(self, query: Select[Any]) -> tuple[Migration, ...]:
        async with self.db.read() as tx:
            return records(Migration, await tx.execute(query))

    async def set_status(self, migration_id: str, status: MigrationStatus, *, by: str, problem: str | None = None) -> Migration:
        """Change the status; at the end of the migration what is still asked is closed. What has ended stays as it ended.

        Nobody cancels or pauses after the sign-off is decided, though the graph has yet to carry it out: what a person signed,
        with their name and a report's hash, stands. Whoever asks for it sees the status unchanged.
        """
        async with self.db.write() as tx:
            before = await found(tx, migration_id, lock=True)
            if before.status in OVER or (status in STOPPED and await _is_decided(tx, migration_id)):
                return before
            if status in OVER:
                await self._close_questions(tx, migration_id)
                await bump_all(tx, migration_id, *ASKED_APART)
            if (before.status, before.problem) != (status, problem):
                await bump_all(tx, migration_id, MessageKind.PROMPTS)
                await self._change(tx, before, {"status": status, "problem": problem}, by=by)
            return await found(tx, migration_id)

    async def stick(self, migration_id: str, problem: str, *, by: str) -> None:
        """Stop an open migration and tell why in its thread; one that rests or is over keeps its status and is told only."""
        async with self.db.write() as tx:
            before = await found(tx, migration_id, lock=True)
            if (before.status, before.problem) == (MigrationStatus.STUCK, problem):
                return
            message = new_message(
                stuck_card(before.id), migration_id=before.id, channel=before.channel, place="thread", kind=MessageKind.PROBLEM,
                subject="", body=problem,
            )  # fmt: skip
            await show(tx, message)
            if before.status in {MigrationStatus.OPEN, MigrationStatus.STUCK}:
                await self._change(tx, before, {"status": MigrationStatus.STUCK, "problem": problem}, by=by)

    async def edit(
        self,
        migration_id: str,
        *,
        by: str,
        targets: tuple[str, ...] | None = None,
        owner: str | None = None,
        smes: tuple[str, ...] | None = None,
    ) -> Migration:
        """Change who or what takes part; None leaves a thing as it is."""
        given = {"targets": targets, "owner": owner, "smes": smes}
        async with self.db.write() as tx:
            before = await found(tx, migration_id, lock=True)
            change = {name: value for name, value in given.items() if value is not None and value != getattr(before, name)}
            if change:
                await self._change(tx, before, change, by=by)
            return await found(tx, migration_id)

    async def _close_questions(self, tx: AsyncConnection, migration_id: str) -> None:
        still_asked = (questions.c.migration_id == migration_id) & questions.c.closed_at.is_(None)
        closing = update(questions).where(still_asked).values(closed_at=self.clock()).returning(questions.c.key)
        await bump(tx, *(question_card(migration_id, key) for key in (await tx.scalars(closing)).all()))

    async def _change(self, tx: AsyncConnection, before: Migration, change: Mapping[str, Any], *, by: str) -> None:
        await tx.execute(update(migrations).where(M.id == before.id).values(**change))
        await bump_status(tx, before.id)
        detail = {name: canonical_json(value) for name, value in change.items()}
        await append(tx, by, "changed", team=before.team, migration_id=before.id, detail=detail, at=self.clock())
