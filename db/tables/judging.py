"""What judging leaves behind: rulings that are never paid for twice, trials of criteria, second opinions, doubted references."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from db.columns import Named, Packed, Words, one_of
from db.records import JobState, ReferenceAnswer
from db.tables.base import Base


class RulingRow(Base, table=True):
    """What a judge answered to one question; the key covers model, parameters, schema and prompt."""

    __tablename__ = "ruling"
    key: str = Field(primary_key=True)
    judge: str
    text_zstd: str = Field(sa_type=Packed)
    input_tokens: int
    output_tokens: int
    at: datetime


class TrialRow(Base, table=True):
    """A person's own criterion tried on a few samples before a plan is approved; `result` is None until it was."""

    __tablename__ = "trial"
    id: str = Field(primary_key=True)
    migration_id: str = Field(foreign_key="migration.id")
    number: int
    metric: str
    result_zstd: str | None = Field(sa_type=Packed)


class EvaluationJobRow(Base, table=True):
    """A second opinion on one run by a service that scores whole files: its job there.

    `result` says which cells it is about; what it said of them is in `score`.
    """

    __tablename__ = "evaluation_job"
    __table_args__ = (UniqueConstraint("run_id", "part"), one_of("state", JobState))
    id: str = Field(primary_key=True)
    migration_id: str = Field(foreign_key="migration.id")
    run_id: str = Field(foreign_key="run.id")
    part: int
    job: str | None
    state: JobState = Field(sa_type=Named(JobState), index=True)
    problem: str | None = Field(sa_type=Words)
    result_zstd: str | None = Field(sa_type=Packed)
    at: datetime


class ReferenceCheckRow(Base, table=True):
    """A reference that looks wrong, shown to one SME; `answer` is None until they said."""

    __tablename__ = "reference_check"
    __table_args__ = (UniqueConstraint("migration_id", "round", "sample_id"), one_of("answer", ReferenceAnswer))
    id: str = Field(primary_key=True)
    migration_id: str = Field(foreign_key="migration.id")
    round: int
    dataset_id: str = Field(foreign_key="dataset_version.id")
    sample_id: str
    sme: str
    position: int
    why: str = Field(sa_type=Words)
    suggestion: str | None = Field(sa_type=Words)
    answer: ReferenceAnswer | None = Field(sa_type=Named(ReferenceAnswer), nullable=True)
    reference: str | None = Field(sa_type=Words)
    by: str | None
    at: datetime | None
