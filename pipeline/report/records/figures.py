"""What a report says. Every figure a reader sees is in `Report`; `Report.hash` is what is signed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pipeline.decide.latency import Latency
from pipeline.decide.prior import PriorFigure
from pipeline.hashing import OMIT_DEFAULT, large_hash
from pipeline.models.prices import Price
from pipeline.records import Agreement, Comparison, Criteria, ErrorGroup, Failure, PromptVersion, Verdict
from pipeline.report.records.evidence import CallFacts, Evidence
from pipeline.report.records.inputs import LARGE, QUOTED, WINNER, DevChoice, Preferences, Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A figure over `n` observations with its interval; None where it cannot be told, and `note` then says why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFigure:
    """A metric of one run: its mean over `scored` of `samples` with its interval; None below the coverage gate.

    `unscored` counts why the others have none, by kind.
    """

    metric: str
    mean: float | None
    scored: int
    samples: int
    low: float | None = None
    high: float | None = None
    unscored: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """USD of inference: for 1,000 calls and for a month, from the `priced` of `calls` that carry token counts.

    None with a `note` where the price or the tokens are unknown, never 0 instead; not `charged` is what runs on this machine.
    """

    per_1k: float | None = None
    monthly: float | None = None
    priced: int = 0
    calls: int = 0
    note: str = ""
    charged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmReport:
    """One line of the comparison. The source's line has no comparisons and no verdict. Tokens are means per counted call.

    `quality` is the mean over the primary metrics, a missing score counting 0, so that failing never flatters. `cut_off` counts
    answers that ran into a limit.
    """

    label: str
    model: str
    bar: str
    method: str
    prompt_hash: str
    answered: int
    samples: int
    figures: tuple[MetricFigure, ...]
    comparisons: tuple[Comparison, ...]
    verdict: Verdict | None
    timing: Latency
    input_tokens: Quantity = Quantity()
    output_tokens: Quantity = Quantity()
    failures: Mapping[str, int] = field(default_factory=dict)
    quality: Quantity = Quantity()
    cost: Cost = Cost()
    cut_off: int = 0
    lane: str = field(default="", metadata=OMIT_DEFAULT)
    calls: CallFacts | None = field(default=None, metadata=OMIT_DEFAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One line of the leaderboard: a prompt on a model with a configuration, on test (arms) or on dev (candidates)."""

    split: str
    model: str
    prompt: str
    config: str
    quality: Quantity
    verdict: Verdict | None = None
    per_1k: float | None = None
    chosen: bool = False
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a run stands between quality and cost; `front` when no other is at least as good for at most as much."""

    label: str
    model: str
    quality: float
    per_1k: float
    front: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """The three bars of one target in quality, and what is credited to its prompt: winner minus format-fixed, paired."""

    target: str
    as_is: float | None
    format_fixed: float | None
    winner: float | None
    credited: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionRate:
    """One of people's own criteria on one run: the share of scored answers that pass, or the mean on a scale (`passed` None)."""

    criterion: str
    metric: str
    run: str
    passed: int | None
    rate: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationCost:
    """What judging one metric over all runs cost; `usd` is None with a note where the price is unknown."""

    metric: str
    judge: str
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeStanding:
    """How far the judge behind a metric may be trusted: `validated` against people, or not and why.

    `inconsistent` is how often a pairwise judge changed its mind with the order of the answers; None for other judges.
    """

    metric: str
    judge: str
    library: str
    validated: bool
    note: str
    inconsistent: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A sample on which the arm got worse in a primary metric, with what a person needs to judge it."""

    arm: str
    metric: str
    sample_id: str
    question: str
    reference: str | None
    source_text: str | None
    target_text: str | None
    failure: Failure | None = None
    source_value: float | None = None
    target_value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the figures follow from, and the facts that stand beside them; all of it is in the report.

    `quoted` is how many regressions of each run and metric are quoted with their texts, the worst first; 0 means all of them.
    `grouped` is over how many samples errors were grouped and judges held against people's scores; 0 means all.
    """

    title: str
    use_case: str
    criteria: Criteria
    prompts: Mapping[str, PromptVersion]
    provenance: Provenance
    evidence: Evidence
    dev: tuple[DevChoice, ...] = ()
    preferences: tuple[Preferences, ...] = ()
    prices: Mapping[str, Price] = field(default_factory=dict)
    monthly_calls: int | None = None
    agreements: tuple[Agreement, ...] = ()
    error_groups: tuple[ErrorGroup, ...] = ()
    second_look: str = ""
    quoted: int = field(default=0, metadata=OMIT_DEFAULT)
    grouped: int = field(default=0, metadata=OMIT_DEFAULT)


def quoted_of(evidence: Evidence) -> int:
    """How many regressions of each run and metric are quoted of this many samples; 0 means all of them."""
    return QUOTED if len(evidence.samples) > LARGE else 0


@dataclass(frozen=True, kw_only=True)  # without slots: the hash of a large report is made once and kept
class Report(Given):
    """The whole report. Two builds from the same inputs have the same hash; its own fields follow from those of `Given`.

    Where not all regressions are quoted, `worse` counts the answers of winners that got worse in a metric that decides, and
    `unquoted` the regressions that are only named.
    """

    headline: str
    source: ArmReport
    arms: tuple[ArmReport, ...]
    regressions: tuple[Regression, ...]
    same_inputs: bool
    recommendation: str = ""
    caveats: tuple[str, ...] = ()
    leaderboard: tuple[Place, ...] = ()
    tradeoff: tuple[Point, ...] = ()
    gains: tuple[Gain, ...] = ()
    criteria_rates: tuple[CriterionRate, ...] = ()
    evaluation: tuple[EvaluationCost, ...] = ()
    judges: tuple[JudgeStanding, ...] = ()
    prior: tuple[PriorFigure, ...] = ()
    open_ends: tuple[str, ...] = ()
    worse: int = field(default=0, metadata=OMIT_DEFAULT)
    unquoted: int = field(default=0, metadata=OMIT_DEFAULT)

    @cached_property
    def hash(self) -> str:
        return large_hash(self)

    @property
    def got_worse(self) -> int:
        """How many answers of winners got worse in a metric that decides."""
        return self.worse or len({(r.arm, r.sample_id) for r in self.regressions})

    def winner(self, target: str) -> ArmReport | None:
        """The arm a target would go live with."""
        return next((a for a in self.arms if a.model == target and WINNER in a.bar), None)
