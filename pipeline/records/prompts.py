"""What is asked: templates with their parameters, how they came to be, and what is proposed for a target."""

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.hashing import OMIT_DEFAULT, content_hash
from pipeline.records.attachments import Attachment


class Syntax(StrEnum):
    """How a template marks its variables; declared, never guessed at rendering."""

    SINGLE = "{x}"
    DOUBLE = "{{x}}"
    DOLLAR = "{$X}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of a prompt or a request; `role` is user or assistant.

    A message of a request with images or PDFs has `parts`, which are what is sent, in order; `text` then shows a placeholder for
    each. Without parts, and in every prompt, the text is all there is.
    """

    role: str
    text: str
    parts: tuple[str | Attachment, ...] = field(default=(), metadata=OMIT_DEFAULT)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return tuple(part for part in self.parts if isinstance(part, Attachment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change a method made to a prompt, with the rule and where the rule comes from."""

    rule: str
    reason: str
    source: str
    lossless: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Inference parameters of a prompt version; None leaves the provider's default."""

    max_tokens: int = 512
    temperature: float | None = 0.0
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    json_schema: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool a model may call; `schema` is the JSON schema (as text) of its input."""

    name: str
    schema: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolset:
    """What a prompt offers a model to call besides answering in words.

    `choice` is `auto` (also ""), `any` (one must be called), `none`, or the name of the tool that must be called. `variable` is a
    variable of the samples that holds further tools, a JSON list, where they differ from sample to sample.
    """

    tools: tuple[ToolSpec, ...] = ()
    choice: str = ""
    variable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A pure change of a text beside the model call, one of those in pipeline.prompts.steps; `values` are what it works with."""

    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVersion:
    """An immutable template with parameters. `parent` is the hash it was made from, `method` what made it.

    `turns` are messages between the system and the user text, templates like them: conversations shown before the question.
    `shots` names the dev samples shown inside the prompt: they are left out wherever this prompt is scored on dev.
    `prepare` changes a sample's values before they are put in, `finish` the answer before anyone sees it; both in order.
    """

    user: str
    system: str = ""
    syntax: Syntax = Syntax.SINGLE
    parameters: Parameters = Parameters()
    method: str = "as is"
    parent: str | None = None
    edits: tuple[Edit, ...] = ()
    shots: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = field(default=(), metadata=OMIT_DEFAULT)
    prepare: tuple[Step, ...] = field(default=(), metadata=OMIT_DEFAULT)
    finish: tuple[Step, ...] = field(default=(), metadata=OMIT_DEFAULT)
    tools: Toolset | None = field(default=None, metadata=OMIT_DEFAULT)

    @property
    def hash(self) -> str:
        """Covers what a model sees, tools among it, and what happens to its answer. Two that agree are the same version."""
        seen: list[object] = [self.system, self.user, self.syntax, self.parameters]
        seen += [self.turns] if self.turns else []
        seen += [{"prepare": self.prepare, "finish": self.finish}] if self.prepare or self.finish else []
        seen += [{"tools": self.tools}] if self.tools is not None else []
        return content_hash(seen)

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text a model sees, in order: system, earlier turns, user."""
        return (self.system, *(turn.text for turn in self.turns), self.user)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A prompt version proposed for one target. `refusal` is the guard's sentence when it may not be run."""

    target: str
    prompt: PromptVersion
    refusal: str | None = None
