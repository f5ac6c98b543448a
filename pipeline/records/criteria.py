"""What decides, locked by hash when a plan is approved: metrics with margins, people's own criteria, the judge."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.hashing import OMIT_DEFAULT, content_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricChoice:
    """A metric in a plan: `primary` metrics decide, with `margin` the largest acceptable loss (same unit as the score)."""

    metric: str
    primary: bool = False
    margin: float = 0.05
    reason: str = ""


class RubricKind(StrEnum):
    """How a rubric is answered: a whole number from 1 to 10, or yes or no for each of its questions."""

    SCALE = "scale"
    YES_NO = "yes/no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """A person's own criterion that a judge applies. `text` is what they wrote; a yes/no rubric has its questions too."""

    name: str
    kind: RubricKind
    text: str
    questions: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """Its name as a metric: `rubric:tone`."""
        return f"rubric:{slug(self.name)}"

    @property
    def hash(self) -> str:
        """Versions the rubric: another wording is another rubric."""
        return content_hash(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A person's own criterion that code can test: `rule` is one of pipeline.metrics.code.checks, `value` what it tests with."""

    name: str
    rule: str
    value: str
    text: str

    @property
    def metric(self) -> str:
        """Its name as a metric: `check:at-most-three-sentences`."""
        return f"check:{slug(self.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeChoice:
    """Who judges: a model by ref, how similar texts are found, and what would change the scores if it changed.

    `prompts_hash` covers every judge prompt and schema of ours, `libraries` are "name version" of those that bring their own.
    `panel` are further judges, asked only where a cell is disputed.
    """

    model: str
    embedder: str = "hashing:512"
    panel: tuple[str, ...] = ()
    prompts_hash: str = ""
    libraries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What is locked when a plan is approved: the hash of this record is printed on every report.

    `most_usd` is the most that 1,000 calls with a prompt candidate may cost, in USD; None: no cap.
    """

    metrics: tuple[MetricChoice, ...]
    coverage_gate: float = 0.98
    confidence: float = 0.95
    judge: JudgeChoice | None = None
    rubrics: tuple[Rubric, ...] = ()
    checks: tuple[Check, ...] = ()
    most_usd: float | None = field(default=None, metadata=OMIT_DEFAULT)

    @property
    def hash(self) -> str:
        return content_hash(self)

    @property
    def primary(self) -> tuple[MetricChoice, ...]:
        return tuple(m for m in self.metrics if m.primary)

    @property
    def own_texts(self) -> tuple[str, ...]:
        """What people wrote as their own criteria: the texts of checks and rubrics."""
        return (*(check.text for check in self.checks), *(rubric.text for rubric in self.rubrics))


def slug(name: str) -> str:
    """A name as part of a metric's name: small letters, digits and single hyphens, at most 40 characters."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40].strip("-") or "unnamed"
