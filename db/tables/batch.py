"""Batch jobs, and the choice that there may be any."""

from datetime import datetime

from sqlmodel import Field

from db.columns import Words
from db.tables.base import Base


class BatchJobRow(Base, table=True):
    """A job over the samples `low` to `high` of a run; null `arn`: planned, null `ending`: under way."""

    __tablename__ = "batch_job"
    run_id: str = Field(primary_key=True, foreign_key="run.id")
    low: int = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    high: int
    migration_id: str = Field(foreign_key="migration.id", index=True)
    arn: str | None = Field(sa_type=Words)
    ending: str | None
    usd: float
    status: str = Field(sa_type=Words)
    records: int
    done: int
    at: datetime


class BatchChoiceRow(Base, table=True):
    __tablename__ = "batch_choice"
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    wanted: bool
    by: str
    at: datetime
