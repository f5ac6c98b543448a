"""What was measured and what follows: scores, comparisons, verdicts, runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.hashing import OMIT_DEFAULT
from pipeline.records.calls import Output
from pipeline.records.samples import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What judging one cell cost: calls that were paid for (answers from the cache are not) and their tokens."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A metric's value for one output (higher is better, in [0, 1] unless the metric says its scale), or why there is none.

    `unscored` begins with its kind and a colon ("judge bad_json: ..."), so that kinds can be counted. `spent` is None for code.
    `parts` are what the value was made from: 1 or 0 for each question of a yes/no rubric, a preference for each order of a pair.
    """

    sample_id: str
    metric: str
    value: float | None
    unscored: str | None = None
    reason: str | None = None
    spent: Spent | None = None
    parts: tuple[float, ...] | None = None


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
class Claims:
    """One-sided p values of the three things a comparison may claim; 1 where nothing can be claimed."""

    better: float = 1.0
    not_worse: float = 1.0
    worse: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many samples one side has a score for, and why the others have none, counted by kind."""

    scored: int
    missing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One metric of one arm against the source on the same samples; `difference` is arm minus source over the pairs.

    `interval` rules and `method` names it; `bootstrap` stands beside it. `worst_case` is the difference when every missing
    target score counts 0. `needed` is the number of samples that would tell, when the verdict is "cannot tell".
    `p` are the claims of this metric alone, `adjusted` after Holm (None for a metric that is not primary), `mcnemar` the exact
    two-sided p of a yes/no metric, `clusters` the independent units where samples share one. None where it does not apply.
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
    method: str = ""
    bootstrap: Interval | None = None
    p: Claims | None = None
    adjusted: Claims | None = None
    mcnemar: float | None = None
    clusters: int | None = None
    source_coverage: Coverage | None = None
    target_coverage: Coverage | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far a judge (or a metric) agrees with people on the same items, and what that makes of its figures.

    `kappa` is Cohen's (Krippendorff's alpha among people), `rate` the share of passes the judge saw, `corrected` what people
    would have seen (Rogan & Gladen). None where there is too little to say; `reason` then says why. `validated` is False below
    kappa 0.6, where kappa is unknown and where n is too small. `correlation` is Spearman's, for scores on a scale.
    """

    metric: str
    against: str
    n: int
    kappa: float | None
    interval: Interval | None
    validated: bool
    rate: float | None = None
    corrected: float | None = None
    corrected_interval: Interval | None = None
    reason: str = ""
    sensitivity: float | None = None
    specificity: float | None = None
    correlation: float | None = None


class Cause(StrEnum):
    """What most likely made an answer wrong; decides the next step."""

    FAILED_CALL = "failed call"
    TRUNCATION = "truncation"
    REFUSAL = "refusal"
    FORMAT = "format"
    RETRIEVAL = "retrieval"
    REFERENCE = "reference suspect"
    PROMPT = "prompt"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGroup:
    """Failures of one arm that belong together; `evidence` says why this cause. `sample_ids` are all, the most typical first.

    `kind` is what the failures of one cause have in common ("fenced", "outside"); empty in groups made before it was kept.
    """

    arm: str
    cause: Cause
    label: str
    sample_ids: tuple[str, ...]
    evidence: str
    next_step: str
    kind: str = field(default="", metadata=OMIT_DEFAULT)
