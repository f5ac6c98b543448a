"""What comes from Slack and goes to it, and who holds what for a moment: inbox, outbox, leases."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from db.columns import Named, Words, one_of
from db.records import MessageKind
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


class LeaseRow(Base, table=True):
    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    holder: str
    until: datetime
