"""What a conversion method gets, gives and is: the port every file in `methods/` implements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.models.prices import Price
from pipeline.records import Model, PromptVersion, RunResult, Sample, UseCase


class Measure(Protocol):
    """Answers and scores a prompt on dev samples by the metrics that decide, within a budget.

    Raises SpentError when the batch does not fit into the budget, TemporaryError or PermanentError when the provider fails.
    """

    async def __call__(self, prompt: PromptVersion, samples: Sequence[Sample]) -> RunResult: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A prompt to carry from `source` to one target model (refs both), with the dev samples a method may learn from.

    `writer` is a model that may be asked to write prompts; without one, methods that need it do not apply. `feedback` says in
    words what went wrong with the prompt so far. `measure` lets a method try its prompts on dev; `start` is the best prompt so
    far, which such a method begins with (None: the original), and `seed` makes its chances repeat.

    For the guards alone: `held_out` are test samples whose text must not show, `constraints` are the texts of a person's own
    checks and rubrics, `most_usd` caps what 1,000 calls may cost, at the prices `price` (None: the cost is not looked at).
    """

    prompt: PromptVersion
    target: str
    use_case: UseCase
    dev: tuple[Sample, ...] = ()
    held_out: tuple[Sample, ...] = field(default=(), repr=False)
    constraints: tuple[str, ...] = ()
    most_usd: float | None = None
    price: Price | None = None
    source: str = ""
    writer: Model | None = field(default=None, repr=False)
    feedback: tuple[str, ...] = field(default=(), repr=False)
    measure: Measure | None = field(default=None, repr=False)
    start: PromptVersion | None = None
    seed: int = 0


class Method(Protocol):
    """A way to carry a prompt over. `name` is what the candidate is called in reports."""

    @property
    def name(self) -> str: ...

    def applies(self, ask: Ask) -> bool:
        """Whether this method has anything to offer here; decided without any call."""
        ...

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        """Candidates with `method`, `parent` and `edits` set; not yet guarded. Raises FerryError when a provider refuses."""
        ...
