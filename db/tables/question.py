"""What people were asked and answered: questions, decisions, blind pairs, reports, sign-offs, and the chain that records it."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from db.columns import Frozen, Named, Packed, Words, one_of
from db.records import Choice, PlanChange, QuestionKind
from db.tables.base import Base


class QuestionRow(Base, table=True):
    __tablename__ = "question"
    __table_args__ = (one_of("kind", QuestionKind),)
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    key: str = Field(primary_key=True)
    kind: QuestionKind = Field(sa_type=Named(QuestionKind))
    subject: str
    asked_at: datetime
    closed_at: datetime | None


class DecisionRow(Base, table=True):
    """The primary key is the rule that the first answer stands."""

    __tablename__ = "decision"
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    question: str = Field(primary_key=True)
    answer: str
    by: str
    at: datetime
    note: str = Field(sa_type=Words)
    change: PlanChange | None = Field(sa_type=Frozen(PlanChange), nullable=True)


class AssignmentRow(Base, table=True):
    """`pair` names the two runs in a fixed order: shuffled once more, the same pair is still the same."""

    __tablename__ = "review_assignment"
    __table_args__ = (UniqueConstraint("migration_id", "round", "sme", "sample_id", "pair"),)
    id: str = Field(primary_key=True)
    migration_id: str = Field(foreign_key="migration.id")
    round: int
    sample_id: str
    sme: str
    run_a: str = Field(foreign_key="run.id")
    run_b: str = Field(foreign_key="run.id")
    pair: str
    position: int


class PreferenceRow(Base, table=True):
    __tablename__ = "preference"
    __table_args__ = (one_of("choice", Choice),)
    assignment_id: str = Field(primary_key=True, foreign_key="review_assignment.id")
    choice: Choice = Field(sa_type=Named(Choice))
    by: str
    at: datetime
    reason: str = Field(sa_type=Words)


class ReportRow(Base, table=True):
    __tablename__ = "report"
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    number: int = Field(primary_key=True)
    hash: str = Field(index=True)
    json_zstd: str = Field(sa_type=Packed)
    files: tuple[str, ...] = Field(sa_type=Frozen(tuple[str, ...]))


class SignOffRow(Base, table=True):
    """One migration is signed once."""

    __tablename__ = "sign_off"
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    report_hash: str
    by: str
    at: datetime


class AuditRow(Base, table=True):
    """A link of the chain. No foreign key: a refused attempt may name a migration that is not there."""

    __tablename__ = "audit_event"
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime
    team: str
    migration_id: str | None = Field(index=True)
    actor: str
    action: str
    detail_json: str = Field(sa_type=Words)
    previous: str
    hash: str


class AuditHeadRow(Base, table=True):
    """The one row that says where the chain ends; writers queue on it, and a cut tail no longer fits it."""

    __tablename__ = "audit_head"
    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int
    hash: str
