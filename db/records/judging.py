"""What judging leaves behind outside of a run's own scores."""

from dataclasses import dataclass
from datetime import datetime

from db.records.facts import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationJob:
    """A second opinion asked of a service that scores whole files: which cells of a run one of its jobs is about.

    `part` counts the jobs of a run from 0. `job` is the service's name for it once it has begun, `at` when it was planned or
    began, `problem` what is in its way or why it failed.
    """

    migration_id: str
    run_id: str
    part: int
    metrics: tuple[str, ...]
    samples: tuple[str, ...]
    at: datetime
    state: JobState = JobState.QUEUED
    job: str | None = None
    problem: str | None = None

    @property
    def id(self) -> str:
        return f"{self.run_id}:{self.part}"

    @property
    def is_open(self) -> bool:
        return self.state in {JobState.QUEUED, JobState.RUNNING}
