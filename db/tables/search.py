"""What the search for prompts leaves behind: its progress, the probes it paid for, the turns of a round, tries of people."""

from datetime import datetime

from sqlmodel import Field

from db.columns import Frozen, Named, Packed, Words, one_of
from db.records import Effect, JobState
from db.tables.base import Base
from pipeline.records import Output, Score


class ImprovementRow(Base, table=True):
    """The search for a better prompt of one target of a plan, with its budget in calls and money."""

    __tablename__ = "improvement"
    __table_args__ = (one_of("state", JobState),)
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    number: int = Field(primary_key=True)
    target: str = Field(primary_key=True)
    state: JobState = Field(sa_type=Named(JobState), index=True)
    calls: int
    most_calls: int
    usd: float | None
    most_usd: float | None
    note: str = Field(sa_type=Words)


class ProbeRow(Base, table=True):
    """A paid call of a search, kept before the search goes on: what was answered to one key."""

    __tablename__ = "probe"
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    key: str = Field(primary_key=True)
    entry_zstd: str = Field(sa_type=Packed)
    at: datetime


class TurnRow(Base, table=True):
    """A proposal to change a prompt, and what came of it."""

    __tablename__ = "round_turn"
    id: str = Field(primary_key=True)
    migration_id: str = Field(foreign_key="migration.id", index=True)
    number: int
    turn: int
    target: str
    position: int
    technique: str
    group: str = Field(sa_type=Words)
    sentence: str = Field(sa_type=Words)
    proposal: str = Field(sa_type=Words)
    sample_ids: tuple[str, ...] = Field(sa_type=Frozen(tuple[str, ...]))
    parent: str
    asked: bool
    prompt_hash: str | None
    refusal: str | None = Field(sa_type=Words)
    effects: tuple[Effect, ...] | None = Field(sa_type=Frozen(tuple[Effect, ...]))
    advice: str = Field(sa_type=Words)
    kept: bool | None
    kept_by: str | None


class TryRow(Base, table=True):
    """One prompt version on one sample, asked by a person."""

    __tablename__ = "try"
    id: str = Field(primary_key=True)
    migration_id: str = Field(foreign_key="migration.id", index=True)
    number: int
    target: str
    prompt_hash: str
    sample_id: str
    by: str
    at: datetime
    output: Output | None = Field(sa_type=Frozen(Output))
    scores: tuple[Score, ...] = Field(sa_type=Frozen(tuple[Score, ...]))
    problem: str | None = Field(sa_type=Words)


class AdvpoJobRow(Base, table=True):
    """A job of Advanced Prompt Optimization that a person asked for."""

    __tablename__ = "advpo_job"
    __table_args__ = (one_of("state", JobState),)
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    number: int = Field(primary_key=True)
    target: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    by: str
    at: datetime
    state: JobState = Field(sa_type=Named(JobState), index=True)
    job: str | None
    stopped_by: str | None
    prompt_hash: str | None
    note: str = Field(sa_type=Words)
    begun_at: datetime | None
