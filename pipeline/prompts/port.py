"""What a conversion method gets, gives and is: the port every file in `methods/` implements."""

from dataclasses import dataclass, field
from typing import Protocol

from pipeline.models.prices import Price
from pipeline.records import Model, PromptVersion, Sample, UseCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A prompt to carry from `source` to one target model (refs both), with the dev samples a method may learn from.

    `writer` is a model that may be asked to write prompts; without one, methods that need it do not apply. `feedback` says in
    words what went wrong with the prompt so far.

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
