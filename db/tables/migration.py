"""What a migration is about: itself, what was uploaded, its frozen samples, prompts and plans."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from db.columns import Frozen, Named, Words, one_of
from db.records import MigrationStatus, Plan
from db.tables.base import Base
from pipeline.records import PromptVersion, Sample, Split, UseCase


class MigrationRow(Base, table=True):
    """`origin` is the delivery that asked for it: the same delivery opens it once."""

    __tablename__ = "migration"
    __table_args__ = (
        UniqueConstraint("channel", "thread_ts"),
        one_of("status", MigrationStatus),
        one_of("use_case", UseCase),
    )
    id: str = Field(primary_key=True)
    origin: str = Field(unique=True)
    team: str = Field(index=True)
    channel: str
    thread_ts: str | None
    name: str = Field(sa_type=Words)
    use_case: UseCase = Field(sa_type=Named(UseCase))
    source: str
    targets: tuple[str, ...] = Field(sa_type=Frozen(tuple[str, ...]))
    requester: str
    owner: str | None
    smes: tuple[str, ...] = Field(sa_type=Frozen(tuple[str, ...]))
    status: MigrationStatus = Field(sa_type=Named(MigrationStatus), index=True)
    created_at: datetime
    problem: str | None = Field(sa_type=Words)
    again_of: str | None = Field(foreign_key="migration.id")


class UploadRow(Base, table=True):
    __tablename__ = "upload"
    __table_args__ = (one_of("state", ("waiting", "frozen", "refused")),)
    id: str = Field(primary_key=True)
    migration_id: str = Field(foreign_key="migration.id", index=True)
    name: str = Field(sa_type=Words)
    path: str
    by: str
    state: str
    refusal: str | None = Field(sa_type=Words)


class DatasetRow(Base, table=True):
    """The same samples frozen twice in one migration are one version."""

    __tablename__ = "dataset_version"
    __table_args__ = (UniqueConstraint("migration_id", "hash"), UniqueConstraint("migration_id", "number"))
    id: str = Field(primary_key=True)
    migration_id: str = Field(foreign_key="migration.id")
    number: int
    hash: str
    source_name: str = Field(sa_type=Words)
    dev: int
    test: int
    findings_json: str = Field(sa_type=Words)


class SampleRow(Base, table=True):
    __tablename__ = "sample"
    __table_args__ = (one_of("split", Split),)
    dataset_id: str = Field(primary_key=True, foreign_key="dataset_version.id")
    sample_id: str = Field(primary_key=True)
    position: int
    split: Split = Field(sa_type=Named(Split))
    input_hash: str
    sample: Sample = Field(sa_type=Frozen(Sample))


class PromptRow(Base, table=True):
    __tablename__ = "prompt_version"
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    hash: str = Field(primary_key=True)
    original: bool
    prompt: PromptVersion = Field(sa_type=Frozen(PromptVersion))


class CandidateRow(Base, table=True):
    """A prompt proposed for a target in a round. It keeps its own version: two methods may make the same hash.

    `fell_at` samples of dev it fell out of the search, for the reason `fell_why`.
    """

    __tablename__ = "candidate"
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    round: int = Field(primary_key=True)
    target: str = Field(primary_key=True)
    prompt_hash: str = Field(primary_key=True)
    position: int
    prompt: PromptVersion = Field(sa_type=Frozen(PromptVersion))
    refusal: str | None = Field(sa_type=Words)
    fell_at: int | None
    fell_why: str | None = Field(sa_type=Words)


class SelectionRow(Base, table=True):
    """Which candidate was chosen for a target in a round, why and by whom; the newest turn stands."""

    __tablename__ = "selection"
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    round: int = Field(primary_key=True)
    target: str = Field(primary_key=True)
    turn: int = Field(primary_key=True)
    prompt_hash: str
    reason: str = Field(sa_type=Words)
    by: str | None
    at: datetime


class PurseRow(Base, table=True):
    """What a migration may spend and has: `budget_usd` is None for no limit, `stopped` says why no call was allowed any more."""

    __tablename__ = "purse"
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    budget_usd: float | None
    spent_usd: float
    stopped: str | None = Field(sa_type=Words)


class HoldRow(Base, table=True):
    """What one worker has set aside for its calls in flight, of which there are `calls`."""

    __tablename__ = "purse_hold"
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    holder: str = Field(primary_key=True)
    usd: float
    calls: int


class PlanRow(Base, table=True):
    __tablename__ = "plan"
    migration_id: str = Field(primary_key=True, foreign_key="migration.id")
    number: int = Field(primary_key=True)
    hash: str
    plan: Plan = Field(sa_type=Frozen(Plan))
