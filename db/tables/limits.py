"""Limits of providers: the lines all workers share, and what each worker says of what it holds its calls to."""

from datetime import datetime

from sqlmodel import Field

from db.columns import Words
from db.tables.base import Base


class QuotaRow(Base, table=True):
    """Where a line stands, and where its last lease began (null: it was refused); seconds of the database's clock."""

    __tablename__ = "quota"
    key: str = Field(primary_key=True)
    line: float
    lent_from: float | None


class LimitToldRow(Base, table=True):
    """The limits of one model in one worker, when it said so last."""

    __tablename__ = "limit_told"
    key: str = Field(primary_key=True)
    worker: str = Field(primary_key=True)
    ref: str
    requests_per_minute: float | None
    tokens_per_minute: float | None
    source: str = Field(sa_type=Words)
    in_flight: int
    most: int
    pace: float
    waited_s: float
    throttled: int
    at: datetime
