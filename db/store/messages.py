"""The outbox: what Slack shall show, by key. A message is sent while `sent` is behind `revision`, so edits coalesce.

    waiting --begin--> sending --sent--> sent        (waiting again when a newer revision came meanwhile)
       ^                  |                |
       +--- release ------+--hold--> held  +--- show, touch, forget_ts --> waiting

A `held` message is tried again at `try_at`; without one, when it is shown or touched again.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.records import Message, MessageKind
from db.store.cards import bump, new_message, show
from db.store.noun import Noun
from db.store.rows import Values, record, records
from db.tables import messages, migrations

M = messages.c


class Messages(Noun):
    async def show(
        self,
        key: str,
        *,
        migration_id: str | None,
        channel: str,
        place: str,
        kind: MessageKind,
        subject: str = "",
        body: str = "",
    ) -> Message:
        """Write a message, or give the one with this key something new to show."""
        row = new_message(key, migration_id=migration_id, channel=channel, place=place, kind=kind, subject=subject, body=body)
        async with self.db.write() as tx:
            await show(tx, row)
            return record(Message, (await tx.execute(_keyed(key))).one())

    async def touch(self, *keys: str) -> None:
        """These messages have something new to show; keys without a message are ignored."""
        async with self.db.write() as tx:
            await bump(tx, *keys)

    async def get(self, key: str) -> Message | None:
        async with self.db.read() as tx:
            row = (await tx.execute(_keyed(key))).first()
        return record(Message, row) if row else None

    async def of(self, migration_id: str) -> tuple[Message, ...]:
        """Every message of a migration in the order they were written."""
        async with self.db.read() as tx:
            return records(Message, await tx.execute(select(messages).where(M.migration_id == migration_id).order_by(M.number)))

    async def due(self, now: datetime, limit: int = 50) -> tuple[Message, ...]:
        """What can be sent: in each conversation the oldest message never posted, and every edit. Posts before edits.

        A thread's messages wait for its root. One that is being posted, or held until later, keeps the ones behind it waiting;
        one that a person has to repair does not.
        """
        ready = or_(M.state == "waiting", and_(M.state == "held", M.try_at <= now))
        sendable = or_(M.ts.is_not(None), M.number.in_(_first_posts(now, ready)))
        query = select(messages).where(ready, sendable).order_by(M.ts.is_not(None), M.number).limit(limit)
        async with self.db.read() as tx:
            return records(Message, await tx.execute(query))

    async def begin(self, key: str, revision: int, now: datetime) -> bool:
        """Take a message for sending as it was at `revision`; False when another sender has it or it needs no sending."""
        free = and_(M.key == key, M.state.in_(("waiting", "held")), M.sent < revision, M.revision >= revision)
        return await self._change(free, {"state": "sending", "try_at": None, "sent_at": now})

    async def sent(self, key: str, revision: int, ts: str, now: datetime) -> None:
        """Slack shows `revision` as message `ts`. The root's `ts` becomes the thread of its migration."""
        state = case((M.revision > revision, "waiting"), else_="sent")
        shown = {"state": state, "sent": revision, "ts": ts, "sent_at": now, "problem": None, "try_at": None}
        async with self.db.write() as tx:
            started = await _lock_started(tx, key)
            statement = update(messages).where(M.key == key, M.sent <= revision, M.revision >= revision).values(**shown)
            if (await tx.execute(statement.returning(M.key))).first() is not None and started is not None:
                await tx.execute(update(migrations).where(migrations.c.id == started).values(thread_ts=ts))

    async def hold(self, key: str, problem: str, try_at: datetime | None) -> bool:
        """Keep an unsent message back until `try_at`, or without it until it is shown or touched again."""
        return await self._change(and_(M.key == key, M.state != "sent"), {"state": "held", "problem": problem, "try_at": try_at})

    async def release(self, key: str) -> bool:
        """Give a message that was taken for sending back: Slack certainly did not get it."""
        return await self._change(and_(M.key == key, M.state == "sending"), {"state": "waiting"})

    async def stuck_sending(self) -> tuple[Message, ...]:
        """Messages whose sending was cut short, oldest first: Slack has them or not. `sent` or `release` settles each."""
        async with self.db.read() as tx:
            return records(Message, await tx.execute(select(messages).where(M.state == "sending").order_by(M.number)))

    async def forget_ts(self, key: str) -> bool:
        """The message is gone from Slack: post it again as it is now."""
        return await self._change(M.key == key, {"ts": None, "sent": 0, "state": "waiting", "problem": None, "try_at": None})

    async def _change(self, which: ColumnElement[bool], change: Values) -> bool:
        async with self.db.write() as tx:
            return (await tx.execute(update(messages).where(which).values(**change).returning(M.key))).first() is not None


def _keyed(key: str) -> Select[Any]:
    return select(messages).where(M.key == key)


def _first_posts(now: datetime, ready: ColumnElement[bool]) -> Select[tuple[int]]:
    """The oldest never-posted message of each lane, leaving out those that can neither be posted nor hold others back."""
    has_thread = select(migrations.c.id).where(migrations.c.id == M.migration_id, migrations.c.thread_ts.is_not(None)).exists()
    postable = and_(ready, or_(M.place != "thread", has_thread))
    holds_others_back = or_(M.state == "sending", and_(M.state == "held", M.try_at > now))
    return select(func.min(M.number)).where(M.ts.is_(None), or_(postable, holds_others_back)).group_by(M.lane)


async def _lock_started(tx: AsyncConnection, key: str) -> str | None:
    """The migration whose thread this message starts; locked before the message, as everybody locks them."""
    roots = select(M.migration_id).where(M.key == key, M.place == "root")
    started: str | None = await tx.scalar(select(migrations.c.id).where(migrations.c.id.in_(roots)).with_for_update())
    return started
