"""How a job of a Bedrock service stands, as far as somebody who waits for it cares."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SAID_LENGTH = 500


class State(StrEnum):
    """Whether waiting makes sense, there is something to fetch, or neither."""

    UNDER_WAY = "under way"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A job as the service tells it; `results` is where it writes (s3://...), `problem` why it failed."""

    name: str
    state: State
    results: str
    problem: str | None = None


def ended_badly(status: str, said: Sequence[str]) -> str:
    """Why a job has no result, in the service's own words where it has any."""
    words = " ".join(" ".join(said).split())[:SAID_LENGTH]
    return f"the job ended as {status}{f': {words}' if words else ' without saying why'}"
