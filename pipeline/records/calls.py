"""One call of a model: what it is sent, what comes back, and the port every provider stands behind."""

from dataclasses import dataclass
from typing import Protocol

from pipeline.records.attachments import Attachment
from pipeline.records.prompts import Parameters, ToolSpec, Turn
from pipeline.records.samples import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """The one tool a model must call instead of answering in words; `schema` is the JSON schema (as text) of its input."""

    name: str
    schema: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What goes to a model: rendered, so nothing in it is scanned again. With `tool` the answer is that tool's input.

    `tools` are offered and called or not, as `tool_choice` (see Toolset) and the model decide.
    """

    sample_id: str
    system: str
    turns: tuple[Turn, ...]
    parameters: Parameters
    tool: Tool | None = None
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = ""

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Every image and PDF that is sent, in order."""
        return tuple(each for turn in self.turns for each in turn.attachments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a call gave no answer. `kind` is one of pipeline.models.failures.KINDS; `message` says the way out."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a model answered to one sample in one run: a text or a failure, never both. Times in seconds.

    `tool_calls` are what the model asked tools for, each canonical JSON with name and input.
    """

    sample_id: str
    text: str | None
    stop_reason: str | None = None
    usage: Usage | None = None
    latency_s: float | None = None
    ttft_s: float | None = None
    failure: Failure | None = None
    attempts: int = 1
    request_id: str | None = None
    tool_calls: tuple[str, ...] = ()


class Model(Protocol):
    """A model that answers. `ref` is `provider:name`, as a person writes it."""

    @property
    def ref(self) -> str: ...

    @property
    def concurrency(self) -> int:
        """How many calls at once this model takes without hurting itself."""
        ...

    async def answer(self, request: Request) -> Output:
        """One call. Every provider failure is an Output with a Failure; raising is a bug. Cancellable."""
        ...

    async def close(self) -> None: ...
