"""What comes next for one span of a run, from what is stored of it: the same for a command and for a worker, after any crash."""

from collections.abc import Sequence
from enum import StrEnum

from pipeline.models.batch.records import NEEDED, BatchJob, Ending

SENT = 2
"""How often a sample is sent by batch at most."""


class Next(StrEnum):
    """MAKE a job (again, where it may be there already: that is found out by its name), LOOK at it, ask ON_DEMAND, or nothing."""

    MAKE = "make"
    LOOK = "look"
    ON_DEMAND = "on demand"
    NOTHING = "nothing"


def following(missing: int, jobs: Sequence[BatchJob]) -> Next:
    """The step after `jobs` (of one span, by attempt) with `missing` samples that still have no output.

    A job that tried everything leaves what it could not answer to calls on demand, whose errors say why; one that ran out of time
    is followed by a second. A failed job counts for nothing: whoever met it has been told, and goes on. A planned job is to be
    made however few are missing, because it may have been made before a crash.
    """
    if jobs and jobs[-1].ending is None:
        return Next.MAKE if jobs[-1].arn is None else Next.LOOK
    if missing == 0:
        return Next.NOTHING
    sent = [job for job in jobs if job.ending in {Ending.WHOLE, Ending.PARTLY}]
    tried = bool(sent) and sent[-1].ending is Ending.WHOLE
    return Next.ON_DEMAND if missing < NEEDED or tried or len(sent) >= SENT else Next.MAKE


def planned(low: int, high: int, jobs: Sequence[BatchJob]) -> BatchJob:
    """The job that MAKE is about: the one that was planned before a crash, else a further attempt."""
    if jobs and jobs[-1].ending is None:
        return jobs[-1]
    return BatchJob(low=low, high=high, attempt=len(jobs) + 1)
