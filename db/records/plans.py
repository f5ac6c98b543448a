"""What people approve before anything is spent, how it is changed, and what was tried of it."""

from dataclasses import dataclass

from pipeline.hashing import content_hash
from pipeline.records import Check, Criteria, Rubric, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a stage will take; `usd` is None where nothing is charged or the price is unknown (`note` says which)."""

    stage: str
    calls: int
    seconds: float
    usd: float | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricCost:
    """What a judged metric takes over all stages of a plan; `usd` is None where the price is unknown."""

    metric: str
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a person approves; approval locks `criteria` by hash.

    `costs` are the judge's by metric, `notes` say what the plan cannot conclude and how many samples its margins need, `offered`
    are metrics that the data would allow besides. `monthly_calls` is how often the application asks its model in a month, for the
    report's projection; None where nobody said.
    """

    migration_id: str
    number: int
    criteria: Criteria
    source: str
    targets: tuple[str, ...]
    review_pairs: int
    estimates: tuple[Estimate, ...]
    costs: tuple[MetricCost, ...] = ()
    notes: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    monthly_calls: int | None = None

    @property
    def hash(self) -> str:
        return content_hash([self.criteria, self.source, self.targets, self.review_pairs])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """A change somebody asked of a plan; None or empty leaves a thing as it is. The next plan is the last one with this applied.

    `judge` is a model's ref, empty to do without one. `primary` are the metrics that decide from now on. Removing the metric of a
    rubric or a check removes the criterion too. `left_out` are sentences of a style guide that test nothing; the plan says so.
    `monthly_calls` of 0 takes the projection back, `most_usd` of 0 the cap on what 1,000 calls with a candidate may cost.
    """

    margin: float | None = None
    metric: str | None = None
    add_target: str | None = None
    review_pairs: int | None = None
    monthly_calls: int | None = None
    most_usd: float | None = None
    judge: str | None = None
    embedder: str | None = None
    panel: tuple[str, ...] | None = None
    add_metrics: tuple[str, ...] = ()
    remove_metrics: tuple[str, ...] = ()
    primary: tuple[str, ...] | None = None
    rubrics: tuple[Rubric, ...] = ()
    checks: tuple[Check, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A person's own criterion tried on a few samples before plan `number` is approved; `scores` is None until it was."""

    id: str
    migration_id: str
    number: int
    metric: str
    scores: tuple[Score, ...] | None = None
