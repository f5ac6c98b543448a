"""Questions and their answers. The first decision stands; it is written with its trace and everything it shows, or not at all."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, String, and_, cast, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import question_card, status_card
from db.records import Decision, MessageKind, Migration, Question, QuestionKind
from db.store.audit import append
from db.store.cards import bump, bump_status, post
from db.store.migrations import found
from db.store.noun import Noun
from db.store.rows import insert_new, record, records, values
from db.tables import assignments, decisions, messages, migrations, plans, preferences, questions, sign_offs, turns
from pipeline.errors import RefusedError

A, D, M, Q = assignments.c, decisions.c, migrations.c, questions.c
WITHOUT_CARD = {QuestionKind.RUNS, QuestionKind.IMPROVED, QuestionKind.REPORT}
UNANSWERED = ~select(D.question).where(D.migration_id == Q.migration_id, D.question == Q.key).exists()


class Questions(Noun):
    async def ask(self, question: Question) -> Question:
        """The question with this key; the first time with its card, unless only the machine answers it."""
        async with self.db.write() as tx:
            if await insert_new(tx, questions, values(question)):
                migration = await found(tx, question.migration_id)
                if question.kind not in WITHOUT_CARD:
                    await _post_card(tx, migration, question)
                await bump_status(tx, migration.id)
            return record(Question, await _asked(tx, question.migration_id, question.key))

    async def get(self, migration_id: str, key: str) -> Question:
        """Raises RefusedError when it was never asked."""
        async with self.db.read() as tx:
            return record(Question, await _asked(tx, migration_id, key))

    async def pending(self, migration_id: str) -> Question | None:
        """What the graph waits for now: asked last and not closed, whether or not its answer is already there."""
        query = select(questions).where(Q.migration_id == migration_id, Q.closed_at.is_(None))
        async with self.db.read() as tx:
            row = (await tx.execute(query.order_by(Q.asked_at.desc(), Q.key.desc()).limit(1))).first()
        return record(Question, row) if row else None

    async def is_closed(self, migration_id: str, key: str) -> bool:
        """True when the graph went past it. Raises RefusedError when it was never asked."""
        async with self.db.read() as tx:
            return (await _asked(tx, migration_id, key)).closed_at is not None

    async def close(self, migration_id: str, key: str) -> None:
        """The graph went past this question: nobody can answer it any more."""
        open_one = and_(Q.migration_id == migration_id, Q.key == key, Q.closed_at.is_(None))
        async with self.db.write() as tx:
            closing = update(questions).where(open_one).values(closed_at=self.clock()).returning(Q.key)
            if (await tx.execute(closing)).first() is not None:
                await bump(tx, question_card(migration_id, key), status_card(migration_id))

    async def decide(self, decision: Decision, *, allowed: bool = True, turn: str = "") -> tuple[Decision, bool]:
        """The decision that stands, and whether it is this one. Only then the proposal `turn` is asked for, in the same breath.

        Not `allowed`: the attempt is recorded, nothing else, and RefusedError raised. RefusedError also for a question that was
        never asked or that was closed without a decision.
        """
        if not allowed:
            return await self._refuse(decision)
        async with self.db.write() as tx:
            asked = await _asked(tx, decision.migration_id, decision.question, lock=True)
            if (standing := await _decision(tx, decision.migration_id, decision.question)) is not None:
                return standing, False
            if asked.closed_at is not None:
                raise RefusedError(
                    "This question is closed: the migration went on without it. The status card shows what is asked now."
                )
            await _write(tx, decision, record(Question, asked), turn)
            return decision, True

    async def check_open(self, migration_id: str, kind: QuestionKind, subject: str) -> None:
        """Raises RefusedError unless such a question is asked and nobody has answered it."""
        async with self.db.read() as tx:
            await check_open(tx, migration_id, kind, subject, lock=False)

    async def _refuse(self, decision: Decision) -> tuple[Decision, bool]:
        async with self.db.write() as tx:
            migration = await found(tx, decision.migration_id)
            detail = {"question": decision.question, "answer": decision.answer}
            await append(
                tx, decision.by, "was refused", team=migration.team, migration_id=migration.id, detail=detail, at=decision.at
            )
        raise RefusedError("This is not yours to answer. The card names who may.")

    async def decision(self, migration_id: str, key: str) -> Decision | None:
        async with self.db.read() as tx:
            return await _decision(tx, migration_id, key)

    async def decisions(self, migration_id: str) -> tuple[Decision, ...]:
        """Every decision of a migration, oldest first."""
        async with self.db.read() as tx:
            return records(
                Decision, await tx.execute(select(decisions).where(D.migration_id == migration_id).order_by(D.at, D.question))
            )

    async def waiting_for(self, team: str, user: str) -> tuple[tuple[Migration, Question], ...]:
        """What this person can answer now, longest waiting first: a requester plans, an SME pairs, an owner sign-offs."""
        mine = or_(
            and_(Q.kind.in_((QuestionKind.DATASET, QuestionKind.PLAN, QuestionKind.PROMPTS)), M.requester == user),
            and_(Q.kind == QuestionKind.SIGN_OFF, M.owner == user),
            and_(Q.kind == QuestionKind.REVIEW, _has_pairs(user)),
        )
        query = select(questions).join(migrations).where(M.team == team, Q.closed_at.is_(None), UNANSWERED, mine)
        async with self.db.read() as tx:
            waiting = records(Question, await tx.execute(query.order_by(Q.asked_at, Q.migration_id, Q.key)))
            return tuple([(await found(tx, question.migration_id), question) for question in waiting])


async def check_open(tx: AsyncConnection, migration_id: str, kind: QuestionKind, subject: str, *, lock: bool = True) -> None:
    """Raises RefusedError unless such a question is asked and nobody has answered it; locked, nobody does before `tx` ends."""
    about = and_(Q.migration_id == migration_id, Q.kind == kind, Q.subject == subject, Q.closed_at.is_(None))
    query = select(questions).where(about)
    for asked in (await tx.execute(query.with_for_update() if lock else query)).all():
        if await _decision(tx, migration_id, asked.key) is None:
            return
    raise RefusedError("This is decided already, or not asked about yet. The status card says what is asked now.")


def _has_pairs(user: str) -> ColumnElement[bool]:
    judged = select(preferences).where(preferences.c.assignment_id == A.id).exists()
    of_its_round = Q.key == literal(f"{QuestionKind.REVIEW}:") + cast(A.round, String)
    return select(A.id).where(A.migration_id == Q.migration_id, of_its_round, A.sme == user, ~judged).exists()


async def _post_card(tx: AsyncConnection, migration: Migration, question: Question) -> None:
    key = question_card(migration.id, question.key)
    await post(tx, key, migration_id=migration.id, channel=migration.channel, kind=MessageKind.QUESTION, subject=question.key)


async def _asked(tx: AsyncConnection, migration_id: str, key: str, *, lock: bool = False) -> Row[Any]:
    query = select(questions).where(Q.migration_id == migration_id, Q.key == key)
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    if row is None:
        raise RefusedError("This question is not asked in this migration. The status card shows what is.")
    return row


async def _decision(tx: AsyncConnection, migration_id: str, key: str) -> Decision | None:
    row = (await tx.execute(select(decisions).where(D.migration_id == migration_id, D.question == key))).first()
    return record(Decision, row) if row else None


async def _write(tx: AsyncConnection, decision: Decision, question: Question, turn: str) -> None:
    migration = await found(tx, decision.migration_id)
    detail = {"question": question.key, "answer": decision.answer, "note": decision.note, **await _seen(tx, question)}
    await insert_new(tx, decisions, values(decision))
    if (question.kind, decision.answer) == (QuestionKind.SIGN_OFF, "approve"):
        sign_off = {"migration_id": migration.id, "report_hash": question.subject, "by": decision.by, "at": decision.at}
        await insert_new(tx, sign_offs, sign_off)
    if turn:
        await tx.execute(update(turns).where(turns.c.id == turn).values(asked=True))
    await bump(tx, question_card(migration.id, question.key), status_card(migration.id))
    await append(tx, decision.by, "decided", team=migration.team, migration_id=migration.id, detail=detail, at=decision.at)


async def _seen(tx: AsyncConnection, question: Question) -> Mapping[str, str]:
    """What the person had in front of them: the message, which edition of it, and the hash of what it asks about."""
    card = (
        await tx.execute(select(messages).where(messages.c.key == question_card(question.migration_id, question.key)))
    ).first()
    shown = {"channel": card.channel, "message": card.ts or "", "revision": str(card.sent)} if card else {}
    if question.kind is not QuestionKind.PLAN:
        return shown | {"subject": question.subject}
    plan = and_(plans.c.migration_id == question.migration_id, plans.c.number == _number(question.subject))
    return shown | {"subject": question.subject, "hash": str(await tx.scalar(select(plans.c.hash).where(plan)))}


def _number(subject: str) -> int:
    return int(subject) if subject.isdecimal() else -1
