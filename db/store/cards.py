"""Outbox rows as other nouns touch them, inside their own transactions: what people see changes with the fact, or not at all."""

from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import lane_of, prompts_card, question_card, status_card
from db.records import MessageKind, QuestionKind
from db.store.rows import Values, insert, insert_new
from db.tables import decisions, messages, questions

D, M, Q = decisions.c, messages.c, questions.c


def new_message(
    key: str, *, migration_id: str | None, channel: str, place: str, kind: MessageKind, subject: str, body: str
) -> Values:
    """A message nobody has sent."""
    return {
        "key": key, "migration_id": migration_id, "channel": channel, "place": place, "lane": lane_of(channel, place),
        "kind": kind, "subject": subject, "body": body, "revision": 1, "sent": 0, "state": "waiting",
    }  # fmt: skip


def changed() -> dict[str, ColumnElement[Any]]:
    """The columns of a message that has something new to show. One that a person had to repair gets another chance."""
    shown_again = (M.state == "sent") | and_(M.state == "held", M.try_at.is_(None))
    return {"revision": M.revision + 1, "state": case((shown_again, "waiting"), else_=M.state)}


_BUMP = update(messages).where(M.key == bindparam("bumped")).values(**changed())


async def bump(tx: AsyncConnection, *keys: str) -> None:
    """These messages, where they exist, have something new to show. In one order: two writers never wait for each other."""
    for key in sorted(keys):
        await tx.execute(_BUMP, {"bumped": key})


async def post(
    tx: AsyncConnection,
    key: str,
    *,
    migration_id: str,
    channel: str,
    kind: MessageKind,
    subject: str = "",
    place: str = "thread",
    body: str = "",
) -> None:
    """Write a message of a migration once."""
    row = new_message(key, migration_id=migration_id, channel=channel, place=place, kind=kind, subject=subject, body=body)
    await insert_new(tx, messages, row)


async def show(tx: AsyncConnection, row: Values) -> None:
    """Write a message, or give the one with its key something new to show."""
    again = {"subject": row["subject"], "body": row["body"], **changed()}
    await tx.execute(insert(tx, messages).values(**row).on_conflict_do_update(index_elements=["key"], set_=again))


async def bump_status(tx: AsyncConnection, migration_id: str) -> None:
    await bump(tx, status_card(migration_id))


async def prompt_cards(tx: AsyncConnection, migration_id: str, number: int) -> tuple[str, ...]:
    """The messages that show the prompts of a number: its candidates, and the question whether to use them.

    One that was answered shows what it was answered about.
    """
    answered = select(D.question).where(D.migration_id == Q.migration_id, D.question == Q.key).exists()
    about = and_(Q.migration_id == migration_id, Q.kind == QuestionKind.PROMPTS, Q.subject == str(number), ~answered)
    keys = (await tx.scalars(select(Q.key).where(about))).all()
    return prompts_card(migration_id, number), *(question_card(migration_id, key) for key in keys)


async def bump_all(tx: AsyncConnection, migration_id: str, *kinds: MessageKind) -> None:
    """Every message of these kinds of a migration has something new to show."""
    mine = select(M.key).where(M.migration_id == migration_id, M.kind.in_(kinds))
    await bump(tx, *(await tx.scalars(mine)).all())
