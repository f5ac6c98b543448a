"""What was measured: runs, what models answered, what it is worth, and the standing comparison after sign-off."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint, text
from sqlmodel import Field

from db.columns import Frozen, Named, Packed, Words, one_of
from db.records import RunStatus
from db.tables.base import Base
from pipeline.records import Retry, Split

EMPTY = {"server_default": text("''")}


class RunRow(Base, table=True):
    """The same (model, prompt, split, purpose) is run once in a stage."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("migration_id", "stage", "model", "prompt_hash", "split", "purpose"),
        one_of("split", Split),
        one_of("status", RunStatus),
    )
    id: str = Field(primary_key=True)
    migration_id: str = Field(foreign_key="migration.id")
    dataset_id: str = Field(foreign_key="dataset_version.id")
    stage: str
    model: str
    prompt_hash: str
    split: Split = Field(sa_type=Named(Split))
    purpose: str
    label: str = Field(sa_type=Words)
    status: RunStatus = Field(sa_type=Named(RunStatus), index=True)
    total: int
    stored: int
    failed: int
    attempt: int
    problem: str | None = Field(sa_type=Words)


class OutputRow(Base, table=True):
    __tablename__ = "output"
    run_id: str = Field(primary_key=True, foreign_key="run.id")
    sample_id: str = Field(primary_key=True)
    text_zstd: str | None = Field(sa_type=Packed)
    stop_reason: str | None
    input_tokens: int | None
    output_tokens: int | None
    latency_s: float | None
    ttft_s: float | None
    failure_kind: str | None
    failure_message: str | None = Field(sa_type=Words)
    attempts: int
    request_id: str | None
    tool_calls: tuple[str, ...] = Field(sa_type=Frozen(tuple[str, ...]))
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    failure_code: str | None = Field(sa_type=Words)
    tier: str = Field(sa_type=Words, sa_column_kwargs=EMPTY)
    region: str = Field(sa_column_kwargs=EMPTY)
    retried: tuple[Retry, ...] = Field(sa_type=Frozen(tuple[Retry, ...]), sa_column_kwargs={"server_default": text("'[]'")})
    usd: float | None
    price_id: str = Field(sa_column_kwargs=EMPTY)
    lane: str = Field(sa_column_kwargs=EMPTY)


class ScoreRow(Base, table=True):
    """Ordered by its key on disk (no row id): a run's metric is read in one sweep."""

    __tablename__ = "score"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "sample_id"], ["output.run_id", "output.sample_id"], ondelete="CASCADE"),
        {"sqlite_with_rowid": False},
    )
    run_id: str = Field(primary_key=True)
    metric: str = Field(primary_key=True)
    sample_id: str = Field(primary_key=True)
    value: float | None
    unscored: str | None = Field(sa_type=Words)
    reason: str | None = Field(sa_type=Words)
    calls: int | None
    input_tokens: int | None
    output_tokens: int | None
    parts: tuple[float, ...] | None = Field(sa_type=Frozen(tuple[float, ...]))


class MonitorRow(Base, table=True):
    __tablename__ = "monitor"
    __table_args__ = (UniqueConstraint("migration_id", "target"),)
    id: str = Field(primary_key=True)
    migration_id: str = Field(foreign_key="migration.id")
    target: str
    prompt_hash: str
    baseline_run: str = Field(foreign_key="run.id")
    cron: str
    timezone: str
    active: bool


class DigestRow(Base, table=True):
    """The claim of one tick, then its result: however many clocks fire, a tick is told once."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("monitor_id", "tick"), one_of("state", ("claimed", "done")))
    id: str = Field(primary_key=True)
    monitor_id: str = Field(foreign_key="monitor.id")
    tick: str
    state: str = Field(index=True)
    run_id: str | None = Field(foreign_key="run.id")
    json_zstd: str | None = Field(sa_type=Packed)
    claimed_at: datetime
    lease_until: datetime
