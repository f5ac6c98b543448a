"""Batch jobs of runs, and the choice of a person that there may be any."""

from dataclasses import dataclass
from datetime import datetime

from pipeline.models.batch.records import BatchJob


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBatch:
    """A batch job of a run. `status` is the service's own word, `done` of `records` are tried; `at` is when it was planned."""

    migration_id: str
    run_id: str
    job: BatchJob
    at: datetime
    status: str = ""
    records: int = 0
    done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchChoice:
    """What a person chose for the runs on test: batch jobs, where they are possible, or calls on demand."""

    migration_id: str
    wanted: bool
    by: str
    at: datetime
