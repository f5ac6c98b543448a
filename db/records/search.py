"""What the search for prompts leaves behind: who chose what, how far a search is, its probes, a round's turns, people's tries."""

from dataclasses import dataclass
from datetime import datetime

from db.records.facts import JobState
from pipeline.records import Output, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptChoice:
    """A prompt chosen for a target in round `round`; the newest `turn` stands. `by` is None where Ferry chose on dev."""

    migration_id: str
    round: int
    target: str
    turn: int
    prompt_hash: str
    reason: str
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """A candidate that fell out of the search after its run had covered `samples` of dev, and why."""

    target: str
    prompt_hash: str
    samples: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvement:
    """The search of plan `number` for a better prompt of one target: the budget it was given and what it took of it so far.

    Money in USD, None where nothing is charged or a price is unknown. `note` says what came of it, or why it was not tried.
    """

    migration_id: str
    number: int
    target: str
    state: JobState = JobState.QUEUED
    calls: int = 0
    most_calls: int = 0
    usd: float | None = None
    most_usd: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The mean primary score of one cluster's `n` dev samples before and after a turn; `low` to `high` holds the difference.

    `sentence` says it for people.
    """

    group: str
    n: int
    before: float | None
    after: float | None
    low: float | None = None
    high: float | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One proposal of turn `turn` of a number: proposed, then asked for by a person, then made and run, then kept or not.

    `proposal` is the whole of it as the pipeline wrote it. `parent` is the prompt it changes, `prompt_hash` the candidate made
    from it, `refusal` why there is none. `advice` says what its effects speak for; `kept` is None until a person (`kept_by`)
    said.
    """

    id: str
    migration_id: str
    number: int
    turn: int
    target: str
    position: int
    technique: str
    group: str
    sentence: str
    proposal: str
    sample_ids: tuple[str, ...]
    parent: str
    asked: bool = False
    prompt_hash: str | None = None
    refusal: str | None = None
    effects: tuple[Effect, ...] | None = None
    advice: str = ""
    kept: bool | None = None
    kept_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One prompt version tried on one dev sample because a person asked; counts nowhere. `problem`: why there is no answer."""

    id: str
    migration_id: str
    number: int
    target: str
    prompt_hash: str
    sample_id: str
    by: str
    at: datetime
    output: Output | None = None
    scores: tuple[Score, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvpoJob:
    """A person's request to have a target's prompt rewritten by Advanced Prompt Optimization of Amazon Bedrock.

    `job` is its ARN once the service is known to have it, which was at `begun_at`; before that `begun_at` is when it was first
    sent. `stopped_by` is who wants it stopped, `prompt_hash` the candidate it brought. `note` says what came of it, or what is in
    its way for now. A higher `attempt` asks anew where a job brought nothing.
    """

    migration_id: str
    number: int
    target: str
    by: str
    at: datetime
    attempt: int = 1
    state: JobState = JobState.QUEUED
    job: str | None = None
    stopped_by: str | None = None
    prompt_hash: str | None = None
    note: str = ""
    begun_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state in {JobState.QUEUED, JobState.RUNNING}

    @property
    def is_sent(self) -> bool:
        """Whether the service may have it."""
        return self.job is not None or self.begun_at is not None

    @property
    def id(self) -> str:
        """Names the work on it."""
        return f"{self.migration_id}:{self.number}:{self.target}:{self.attempt}"
