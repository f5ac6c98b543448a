"""What is known of batch jobs.

https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html, read 2026-11.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from pipeline.aws.jobs import Standing

TIER = "batch"
"""The service tier, as prices name it."""
CANARY = 5
"""Calls on demand at most before a job is made."""
FEWEST, MOST = 100, 25_000
"""Records of one job. AWS's quotas differ by model (100 at least; 50,000 at most for most models): half of that keeps a job that
fails late cheap, and its file under 1 GB up to 40 kB a record."""
NEEDED = FEWEST + CANARY
"""Samples of which a job can be made."""
LARGEST = 1_000_000_000
"""Bytes of one file of records."""


class Ending(StrEnum):
    """How a job ended: with every record tried, before that (its time was up), stopped by somebody, or without any result."""

    WHOLE = "whole"
    PARTLY = "partly"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """One job over the samples `low` to `high` of a run, as positions in its order: the `attempt`-th, from 1.

    Without `arn` it is planned, without `ending` under way. `usd` is what it is charged as: what it may cost at most from before
    it is made, what it did cost at its end.
    """

    low: int
    high: int
    attempt: int = 1
    arn: str | None = None
    ending: Ending | None = None
    usd: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Standing):
    """A job as the service tells it, `status` in its own word: `done` of `records` were tried; no `ending` while under way."""

    status: str
    ending: Ending | None
    records: int = 0
    done: int = 0


def spans(low: int, high: int) -> Iterator[tuple[int, int]]:
    """The positions `low` to `high` in as few spans of about one size as jobs may have records, the same on every look."""
    count = high - low
    jobs = -(-count // MOST)
    edges = [low + count * number // jobs for number in range(jobs + 1)] if jobs else []
    return pairwise(edges)
