"""One call of a model: what it is sent, what comes back, and the port every provider stands behind."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pipeline.hashing import OMIT_DEFAULT
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

    `tools` are offered and called or not, as `tool_choice` (see Toolset) and the model decide. Without `stream` the answer is
    asked for whole, also where the settings stream.
    """

    sample_id: str
    system: str
    turns: tuple[Turn, ...]
    parameters: Parameters
    tool: Tool | None = None
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = ""
    stream: bool = field(default=True, metadata=OMIT_DEFAULT)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Every image and PDF that is sent, in order."""
        return tuple(each for turn in self.turns for each in turn.attachments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a call gave no answer. `kind` is one of pipeline.models.failures.KINDS; `message` says the way out.

    `code` is the provider's error code or HTTP status, or the class of the client's error; never a text.
    """

    kind: str
    message: str
    code: str = field(default="", metadata=OMIT_DEFAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A call that was made again: why it did not do (`kind` and `code` of its failure), and how long it took.

    `kind` is "fixed" where Ferry left out what the model does not take, `code` then names that parameter. `usage` is there where
    the provider counted tokens all the same, so that the attempt is billed.
    """

    kind: str
    code: str = ""
    seconds: float | None = None
    usage: Usage | None = None


class Lane(StrEnum):
    """How a call was made, which decides whether its times say anything of the model.

    `latency`: streamed, in a lane of its own; `bulk`: beside many others, so its times count nowhere; none: as the model runs.
    """

    NONE = ""
    LATENCY = "latency"
    BULK = "bulk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a model answered to one sample in one run: a text or a failure, never both. Times in seconds.

    `tool_calls` are what the model asked tools for, each canonical JSON with name and input. `tier` is the service tier that the
    provider says it used, `region` where the call was sent. `retried` are the attempts before the one that counts. `usd` is what
    all billed attempts cost under the price `price_id`; None where the price or the tokens are unknown.
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
    tier: str = field(default="", metadata=OMIT_DEFAULT)
    region: str = field(default="", metadata=OMIT_DEFAULT)
    retried: tuple[Retry, ...] = field(default=(), metadata=OMIT_DEFAULT)
    usd: float | None = field(default=None, metadata=OMIT_DEFAULT)
    price_id: str = field(default="", metadata=OMIT_DEFAULT)
    lane: Lane = field(default=Lane.NONE, metadata=OMIT_DEFAULT)


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
