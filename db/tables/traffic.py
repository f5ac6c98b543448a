"""What comes from Slack and goes to it, and who holds what for a moment: inbox, outbox, leases, and who is alive."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from db.columns import Named, Words, one_of
from db.records import MessageKind, ProcessKind
from db.tables.base import Base


class MessageRow(Base, table=True):
    """The outbox. `number` is the order of posting, `lane` the conversation in which that order is kept."""

    __tablename__ = "message"
    __table_args__ = (
        one_of("kind", MessageKind),
        one_of("state", ("waiting", "sending", "sent", "held")),
        CheckConstraint("place <> 'thread' OR migration_id IS NOT NULL", name="thread"),
        CheckConstraint("sent <= revision AND (state = 'sent') = (sent = revision)", name="revision"),
        CheckConstraint("ts IS NOT NULL OR sent = 0", name="posted"),
    )
    number: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    migration_id: str | None = Field(foreign_key="migration.id", index=True)
    channel: str
    place: str
    lane: str
    kind: MessageKind = Field(sa_type=Named(MessageKind))
    subject: str = Field(sa_type=Words)
    body: str = Field(sa_type=Words)
    revision: int
    sent: int
    ts: str | None
    state: str = Field(index=True)
    problem: str | None = Field(sa_type=Words)
    try_at: datetime | None
    sent_at: datetime | None


class DeliveryRow(Base, table=True):
    """The inbox."""

    __tablename__ = "delivery"
    __table_args__ = (one_of("state", ("waiting", "done", "refused")), Index(None, "state", "received_at"))
    key: str = Field(primary_key=True)
    kind: str
    body_json: str = Field(sa_type=Words)
    state: str
    received_at: datetime
    taken_by: str = Field(sa_column_kwargs={"server_default": text("''")})


class LeaseRow(Base, table=True):
    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    holder: str
    until: datetime


class ProcessRow(Base, table=True):
    """A bot or a worker under its name, alive until `until`, which each of its beats moves on. Times are the database's."""

    __tablename__ = "process"
    __table_args__ = (one_of("kind", ProcessKind),)
    kind: ProcessKind = Field(sa_type=Named(ProcessKind), primary_key=True)
    name: str = Field(primary_key=True)
    holder: str
    host: str
    started_at: datetime
    beat_at: datetime
    until: datetime
