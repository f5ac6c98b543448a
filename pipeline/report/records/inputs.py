"""What `build` is given: finished runs, the locked criteria, and what else is known, every field of which is optional."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.errors import InputError
from pipeline.models.prices import Price
from pipeline.records import Agreement, Criteria, ErrorGroup, PromptVersion, RunResult, Sample

SOURCE = "source"
AS_IS = "as is"
FORMAT_FIXED = "format-fixed"
WINNER = "winner"
LARGE = 10_000
"""Samples above which a report quotes only its worst regressions, and is stored beside its brief."""
QUOTED = 1_000
"""Regressions of each run and metric that a large report quotes."""


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
        return label_of(self.target, self.bar)

    @property
    def claimed(self) -> bool:
        """Whether a target would go live with this arm."""
        return claimed(self.bar)


def label_of(target: str, bar: str) -> str:
    """What a report calls a run of a target."""
    return f"{target} · {bar}"


def claimed(bar: str) -> bool:
    """Whether a target would go live with the run of this bar."""
    return WINNER in bar


def same_label() -> InputError:
    return InputError("Two runs of the report have the same model and name. Give each its own: rename a file of outputs.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What SMEs said of blind pairs, winner against source, counted."""

    target: str
    better: int
    same: int
    worse: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DevChoice:
    """One candidate's figure on dev: what the winner was chosen by. A refused candidate has its reason and no figure.

    `scores` are what `mean` is made of, by metric and sample with missing ones as 0; without them it is printed as given.
    """

    target: str
    label: str
    scored: int
    mean: float | None
    chosen: bool
    refusal: str | None = None
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    config: str = ""


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
    """Everything `build` needs; nothing is looked up, nothing is read from a clock.

    `prices` are those known, by model reference (runs and judges); a model without one is printed as "price unknown".
    `monthly_calls` makes a monthly projection. `second_look` is the recorded reason why test was looked at before.
    `agreements` say how far judges agree with people, `error_groups` which failures belong together; both are over `grouped`
    samples, 0 for all of them.
    """

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
    prices: Mapping[str, Price] = field(default_factory=dict)
    monthly_calls: int | None = None
    agreements: tuple[Agreement, ...] = ()
    error_groups: tuple[ErrorGroup, ...] = ()
    second_look: str = ""
    grouped: int = 0
