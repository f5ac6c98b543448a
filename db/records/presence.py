"""Who is alive: the processes of one Ferry, on however many hosts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ProcessKind(StrEnum):
    BOT = "bot"
    WORKER = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A name, who holds it (a token made at its start) and until when; times are the database's, `silent_s` is in seconds."""

    kind: ProcessKind
    name: str
    holder: str
    host: str
    started_at: datetime
    beat_at: datetime
    until: datetime
    silent_s: float
    alive: bool
