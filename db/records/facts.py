"""What was opened, given, asked, decided, run, told and signed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from db.records.plans import PlanChange
from pipeline.records import PromptVersion, RunKey, UseCase


class MigrationStatus(StrEnum):
    OPEN = "open"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    SIGNED = "signed"
    REJECTED = "rejected"
    STUCK = "stuck"


CALLED_OFF = frozenset({MigrationStatus.CANCELLED, MigrationStatus.REJECTED})
OVER = CALLED_OFF | {MigrationStatus.SIGNED}
RESTING = CALLED_OFF | {MigrationStatus.PAUSED}
"""Nothing is asked or spent for such a migration; for one that is stuck, what did not fail goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who did something: immutable Slack ids, never a display name."""

    team: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One move of one use case in one thread. `thread_ts` is None until its status card is posted."""

    id: str
    team: str
    channel: str
    thread_ts: str | None
    name: str
    use_case: UseCase
    source: str
    targets: tuple[str, ...]
    requester: str
    owner: str | None
    smes: tuple[str, ...]
    status: MigrationStatus
    created_at: datetime
    problem: str | None = None
    again_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMigration:
    """What a person asked for. `origin` is the key of the delivery that asked: the same one opens one migration."""

    origin: str
    team: str
    channel: str
    name: str
    use_case: UseCase
    source: str
    targets: tuple[str, ...]
    requester: str
    owner: str | None
    smes: tuple[str, ...]
    prompt: PromptVersion
    again_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file a person gave, kept as bytes under the data folder until it became a dataset version or was refused."""

    id: str
    migration_id: str
    name: str
    path: str
    by: str
    state: str  # waiting | frozen | refused
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersion:
    """A frozen dataset's place in a migration; its samples are read through the store."""

    id: str
    migration_id: str
    number: int
    hash: str
    source_name: str
    dev: int
    test: int
    findings_json: str


class JobState(StrEnum):
    """Where a job at another service stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ReferenceAnswer(StrEnum):
    """What an SME says of a reference that looks wrong."""

    KEEP = "keep"
    FIX = "fix"
    UNSURE = "unsure"


class QuestionKind(StrEnum):
    """What the graph can ask. PLAN, PROMPTS and SIGN_OFF are answered by a person's decision, the others by facts."""

    DATASET = "dataset"
    PLAN = "plan"
    RUNS = "runs"
    IMPROVED = "improved"
    PROMPTS = "prompts"
    REVIEW = "review"
    REPORT = "report"
    SIGN_OFF = "sign_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something the graph waits for. `key` is `kind:number`, unique in its migration."""

    migration_id: str
    key: str
    kind: QuestionKind
    subject: str  # what it is about: plan number, report hash, stage
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who answered what. Unique by (migration, question): the first one stands."""

    migration_id: str
    question: str
    answer: str
    by: str
    at: datetime
    note: str = ""
    change: PlanChange | None = None


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One (model, prompt version, split) over a dataset version. `total` counts samples, `stored` committed outputs."""

    id: str
    migration_id: str
    dataset_id: str
    stage: str  # baseline | candidates | targets | monitor:<tick>
    key: RunKey
    label: str
    status: RunStatus
    total: int
    stored: int = 0
    failed: int = 0
    attempt: int = 1
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A blind pair for one SME: which run's output is shown as A and which as B is known only here."""

    id: str
    migration_id: str
    round: int
    sample_id: str
    sme: str
    run_a: str
    run_b: str


class Choice(StrEnum):
    """What an SME says of a pair, about the first answer against the second; mapped to runs by the store."""

    A = "a"
    B = "b"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    assignment_id: str
    choice: Choice
    by: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A report as signed: its hash, the files written from it (names under the data folder), and what of it is shown.

    `json` is the report, or the brief of a large one: the whole one is the file report.json then.
    """

    migration_id: str
    number: int
    hash: str
    json: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    migration_id: str
    report_hash: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One link of the chain: `hash` covers `previous` and everything else here."""

    seq: int
    at: datetime
    team: str
    migration_id: str | None
    actor: str
    action: str
    detail_json: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """The standing comparison after sign-off. `cron` in `timezone`, names for weekdays."""

    id: str
    migration_id: str
    target: str
    prompt_hash: str
    baseline_run: str
    cron: str
    timezone: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One tick of a monitor; unique by (monitor, tick). `tick` is local date and time without offset, or `first`.

    Nothing more is done about a tick that is `done`; without `json` it was given up.
    """

    id: str
    monitor_id: str
    tick: str
    state: str  # claimed | done
    run_id: str | None
    json: str | None


class MessageKind(StrEnum):
    """What a Slack message of ours tells; the words are made from the facts when it is sent."""

    STATUS = "status"
    QUESTION = "question"
    FINDINGS = "findings"
    PROGRESS = "progress"
    PROMPTS = "prompts"
    ROUND = "round"
    TRY = "try"
    REVIEW = "review"
    TABLE = "table"
    FILES = "files"
    DIGEST = "digest"
    TRIAL = "trial"
    REFERENCES = "references"
    ERRORS = "errors"
    REPLY = "reply"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message Slack shall show, by key. It is sent while `sent` is behind `revision`; `ts` is set once it is posted.

    `place`: root (starts the thread), thread, `under:TS` (the thread of another message), or a user id for a direct message.
    `body` is text for replies and problems.
    """

    key: str
    migration_id: str | None
    channel: str
    place: str
    kind: MessageKind
    subject: str
    body: str
    revision: int
    sent: int
    ts: str | None
    state: str  # waiting | sending | sent | held
    problem: str | None = None
    try_at: datetime | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something Slack sent us, kept before it is acknowledged. `key` is what makes a redelivery the same delivery.

    `taken_by` is the bot that works on it, where there may be several.
    """

    key: str
    kind: str
    body_json: str
    state: str  # waiting | done | refused
    received_at: datetime
    taken_by: str = ""
