"""What a search tells while it goes on, and what it ends with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.decide.selection import Selection, Standing
from pipeline.prompts.search.meter import Used
from pipeline.records import Candidate, PromptVersion, RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """Every candidate that was proposed before a call of the target, refused ones too, in order of cost."""

    candidates: Sequence[Candidate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A candidate that a guard refused; `candidate.refusal` says why. The target was not asked."""

    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUsed:
    """After every call."""

    used: Used


@dataclass(frozen=True, slots=True, kw_only=True)
class RungDone:
    """All candidates that are still in were measured on so many dev samples."""

    total: int
    table: Sequence[Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A candidate that fell out at a rung, and the sentence why."""

    prompt: PromptVersion
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Improved:
    """Another candidate is the best on all of dev now."""

    selection: Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A step that was not made, and the sentence why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The end. `winner` is None when the budget did not reach for one candidate on all of dev; `why` says what ended it.

    `runs` are the dev runs over all of dev by prompt hash, in order of cost; `bars` the hashes of as is and format-fixed.
    """

    winner: PromptVersion | None
    selection: Selection | None
    why: str
    candidates: Sequence[Candidate]
    bars: tuple[str, ...]
    runs: Mapping[str, RunResult] = field(default_factory=dict)
    source: RunResult | None = None
    dropped: Mapping[str, str] = field(default_factory=dict)


Event = Proposed | Refused | BudgetUsed | RungDone | Dropped | Improved | LeftOut | Ended
