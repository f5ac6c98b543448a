"""A round's proposals: which technique, for which failures, why, and what it changes; and the port every technique implements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pipeline.hashing import content_hash
from pipeline.prompts.port import Ask
from pipeline.records import ErrorGroup, Output, PromptVersion, Sample, Step


class Technique(StrEnum):
    """What a round may change about a prompt."""

    INSTRUCTION = "instruction"
    FEW_SHOT = "few-shot"
    META_INFORMATION = "meta-information"
    PRE_PROCESSING = "pre-processing"
    POST_PROCESSING = "post-processing"
    SHORTER = "shorter answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One change for the next round, not yet made.

    `group` is the label of the error group it is for ("" for a comment or for latency), `sample_ids` the dev failures it could
    repair. `sentence` says for people what changes and why, with n. `words` is the text that is added, or, with `written`, what a
    model is asked to write it from. `shots` are the dev samples to show, `step` a step beside the call, `max_tokens` a new limit.
    `usd_per_1000` is the expected change of the cost of 1,000 calls in USD, None where it is not known.
    """

    technique: Technique
    group: str
    sentence: str
    sample_ids: tuple[str, ...]
    words: str = ""
    written: bool = False
    shots: tuple[str, ...] = ()
    step: Step | None = None
    max_tokens: int | None = None
    usd_per_1000: float | None = None

    @property
    def hash(self) -> str:
        """Names the proposal: the same situation gives the same one again."""
        return content_hash(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What techniques look at: the prompt to improve, its failures on dev, what people said of it, what it answered."""

    prompt: PromptVersion
    groups: tuple[ErrorGroup, ...]
    comments: tuple[str, ...]
    ask: Ask
    outputs: tuple[Output, ...] = field(default=(), repr=False)

    def samples(self, group: ErrorGroup) -> tuple[Sample, ...]:
        """The dev samples of the group, the most typical first; those of another split are left out."""
        known = {sample.id: sample for sample in self.ask.dev}
        return tuple(known[i] for i in group.sample_ids if i in known)

    def answers(self, samples: Sequence[Sample]) -> tuple[str, ...]:
        """What the prompt answered to them, trimmed; "" where it did not."""
        said = {output.sample_id: (output.text or "").strip() for output in self.outputs}
        return tuple(said.get(sample.id, "") for sample in samples)

    @property
    def failing(self) -> frozenset[str]:
        return frozenset(i for group in self.groups for i in group.sample_ids)


class Way(Protocol):
    """One technique: what it has to propose, and the prompt version that a proposal makes."""

    @property
    def technique(self) -> Technique: ...

    def propose(self, scene: Scene) -> tuple[Proposal, ...]:
        """Without any call and deterministic; empty when it does not fit."""
        ...

    def edit(self, proposal: Proposal, prompt: PromptVersion, ask: Ask) -> PromptVersion:
        """`prompt` with the proposal's words, shots, step or limit; `prompt` itself where that is there already. No call."""
        ...
