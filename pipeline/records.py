"""The frozen records of the pipeline: what a migration is about, what a model said, what it is worth.

Words are those of the glossary in docs/architecture.md. Every record is immutable; a changed thing is a new record.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pipeline.hashing import canonical_json, content_hash

NO_TEXTS: Mapping[str, str] = {}


class UseCase(StrEnum):
    """What the prompt does; picks a template of metrics and margins."""

    CLASSIFICATION = "classification"
    EXTRACTION = "extraction"
    RAG = "rag"
    SUMMARIZATION = "summarization"
    CHAT = "chat"
    CODE = "code"


class Split(StrEnum):
    """`dev` drives every choice; `test` is looked at once and drives the verdict."""

    DEV = "dev"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, as the provider counted them."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOutput:
    """What the source model answered when the dataset was made; unknown figures are None."""

    text: str
    latency_s: float | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorScores:
    """Scores that came with the dataset, on the scale of the file."""

    judge: float | None = None
    human: float | None = None
    human_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One input with what is known about it. `variables` fill the prompt template; `cluster` keeps relatives together."""

    id: str
    variables: Mapping[str, str]
    reference: str | None = None
    recorded: RecordedOutput | None = None
    prior: PriorScores | None = None
    cluster: str | None = None

    @property
    def input_hash(self) -> str:
        """Hash of what a model sees of this sample; proves that source and target saw the same."""
        return content_hash(self.variables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One observation on the quality of a dataset. `level`: error (cannot freeze), warning, info."""

    level: str
    code: str
    message: str
    sample_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Frozen samples with their split; `hash` covers ids, contents and split, whatever the order of the file."""

    samples: tuple[Sample, ...]
    splits: Mapping[str, Split]
    findings: tuple[Finding, ...] = ()

    @property
    def hash(self) -> str:
        """The content hash of [[split, sample], ...] by id, fed sample by sample: a large dataset is never held twice."""
        digest = hashlib.sha256(b"[")
        for place, sample in enumerate(sorted(self.samples, key=lambda s: s.id)):
            digest.update(("," if place else "").encode() + canonical_json([self.splits[sample.id], sample]).encode())
        digest.update(b"]")
        return digest.hexdigest()

    def in_split(self, split: Split) -> tuple[Sample, ...]:
        return tuple(s for s in self.samples if self.splits[s.id] == split)


class Syntax(StrEnum):
    """How a template marks its variables; declared, never guessed at rendering."""

    SINGLE = "{x}"
    DOUBLE = "{{x}}"
    DOLLAR = "{$X}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change a method made to a prompt, with the rule and where the rule comes from."""

    rule: str
    reason: str
    source: str
    lossless: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Inference parameters of a prompt version; None leaves the provider's default."""

    max_tokens: int = 512
    temperature: float | None = 0.0
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    json_schema: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVersion:
    """An immutable template with parameters. `parent` is the hash it was made from, `method` what made it.

    `shots` names the dev samples shown inside the prompt: they are left out wherever this prompt is scored on dev.
    """

    user: str
    system: str = ""
    syntax: Syntax = Syntax.SINGLE
    parameters: Parameters = Parameters()
    method: str = "as is"
    parent: str | None = None
    edits: tuple[Edit, ...] = ()
    shots: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """Covers what a model sees: turns, syntax, parameters. Two methods that agree make the same version."""
        return content_hash([self.system, self.user, self.syntax, self.parameters])


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A prompt version proposed for one target. `refusal` is the guard's sentence when it may not be run."""

    target: str
    prompt: PromptVersion
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of a request; `role` is user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What goes to a model: rendered, so nothing in it is scanned again."""

    sample_id: str
    system: str
    turns: tuple[Turn, ...]
    parameters: Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a call gave no answer. `kind` is one of pipeline.models.failures.KINDS; `message` says the way out."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a model answered to one sample in one run: a text or a failure, never both. Times in seconds.

    `tool_calls` are what the model asked tools for, each canonical JSON with name and input.
    """

    sample_id: str
    text: str | None
    stop_reason: str | None = None
    usage: Usage | None = None
    latency_s: float | None = None
    ttft_s: float | None = None
    failure: Failure | None = None
    attempts: int = 1
    request_id: str | None = None
    tool_calls: tuple[str, ...] = ()


class Model(Protocol):
    """A model that answers. `ref` is `provider:name`, as a person writes it."""

    @property
    def ref(self) -> str: ...

    @property
    def concurrency(self) -> int:
        """How many calls at once this model takes without hurting itself."""
        ...

    async def answer(self, request: Request) -> Output:
        """One call. Every provider failure is an Output with a Failure; raising is a bug. Cancellable."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A metric's value for one output (higher is better, in [0, 1] unless the metric says its scale), or why there is none."""

    sample_id: str
    metric: str
    value: float | None
    unscored: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricChoice:
    """A metric in a plan: `primary` metrics decide, with `margin` the largest acceptable loss (same unit as the score)."""

    metric: str
    primary: bool = False
    margin: float = 0.05
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What is locked when a plan is approved: the hash of this record is printed on every report."""

    metrics: tuple[MetricChoice, ...]
    coverage_gate: float = 0.98
    confidence: float = 0.95

    @property
    def hash(self) -> str:
        return content_hash(self)

    @property
    def primary(self) -> tuple[MetricChoice, ...]:
        return tuple(m for m in self.metrics if m.primary)


class Verdict(StrEnum):
    """Computed, never chosen."""

    BETTER = "better"
    NOT_WORSE = "not worse"
    WORSE = "worse"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One metric of one arm against the source on the same samples; `difference` is arm minus source over the pairs.

    `worst_case` is the difference when every missing target score counts 0. `needed` is the number of samples that would
    tell, when the verdict is "cannot tell".
    """

    metric: str
    primary: bool
    margin: float
    pairs: int
    samples: int
    source_mean: float | None
    target_mean: float | None
    difference: float | None
    interval: Interval | None
    worst_case: float | None
    verdict: Verdict
    reason: str
    needed: int | None = None
    improved: tuple[str, ...] = ()
    regressed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKey:
    """What makes a run the run it is: the same key is never run twice."""

    model: str
    prompt_hash: str
    split: Split
    purpose: str = "compare"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A finished run as the report needs it."""

    key: RunKey
    label: str
    outputs: tuple[Output, ...]
    scores: tuple[Score, ...]
    input_hashes: Mapping[str, str] = field(default_factory=dict)
