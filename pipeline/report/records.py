"""What a report is made from and what it says. Every figure a reader sees is in `Report`; `Report.hash` is what is signed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.hashing import content_hash
from pipeline.records import Comparison, Criteria, Failure, PromptVersion, RunResult, Sample, Verdict

AS_IS = "as is"
FORMAT_FIXED = "format-fixed"
WINNER = "winner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One bar of the comparison: a target model with one of the three prompts (as is, format-fixed, winner) on the test split.

    Where two bars share a prompt they share the run, and `bar` names both ("format-fixed, winner").
    """

    target: str
    bar: str
    prompt: PromptVersion
    result: RunResult

    @property
    def label(self) -> str:
        return f"{self.target} · {self.bar}"

    @property
    def claimed(self) -> bool:
        """Whether a target would go live with this arm."""
        return WINNER in self.bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What SMEs said of blind pairs, winner against source, counted."""

    target: str
    better: int
    same: int
    worse: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DevChoice:
    """One candidate's figure on dev: what the winner was chosen by. A refused candidate has its reason and no figure."""

    target: str
    label: str
    scored: int
    mean: float | None
    chosen: bool
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What the figures rest on; texts as printed (hashes, versions, who approved what and when)."""

    dataset_name: str
    dataset_hash: str
    dev: int
    test: int
    criteria_hash: str
    plan: str
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """Everything `build` needs; nothing is looked up, nothing is read from a clock."""

    title: str
    use_case: str
    criteria: Criteria
    samples: tuple[Sample, ...]
    source: RunResult
    source_prompt: PromptVersion
    arms: tuple[Arm, ...]
    dev: tuple[DevChoice, ...] = ()
    preferences: tuple[Preferences, ...] = ()
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds over the outputs that carry the figure (`n`); None where no output does."""

    n: int
    mean: float | None
    p50: float | None
    p95: float | None
    ttft_p50: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFigure:
    """A metric of one run: its mean over `scored` of `samples`; None when nothing could be scored."""

    metric: str
    mean: float | None
    scored: int
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmReport:
    """One line of the comparison. The source's line has no comparisons and no verdict."""

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
    timing: Timing
    input_tokens: int | None
    output_tokens: int | None
    failures: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One stored score; the report's figures can be recomputed from its cells."""

    arm: str
    sample_id: str
    metric: str
    value: float | None
    unscored: str | None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole report. Two builds from the same inputs have the same hash."""

    title: str
    use_case: str
    headline: str
    criteria: Criteria
    source: ArmReport
    arms: tuple[ArmReport, ...]
    prompts: Mapping[str, PromptVersion]
    dev: tuple[DevChoice, ...]
    preferences: tuple[Preferences, ...]
    regressions: tuple[Regression, ...]
    same_inputs: bool
    cells: tuple[Cell, ...]
    provenance: Provenance

    @property
    def hash(self) -> str:
        return content_hash(self)

    def winner(self, target: str) -> ArmReport | None:
        """The arm a target would go live with."""
        return next((a for a in self.arms if a.model == target and WINNER in a.bar), None)
