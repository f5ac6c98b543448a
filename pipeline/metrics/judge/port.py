"""What a judged metric asks with and what it may get: a ruling that fits its schema, or a JudgeError that says why not."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipeline.records import Spent

# What keeps a cell from getting a score; the first word of `unscored` after "judge".
KINDS = (
    "throttled",
    "transient",
    "timeout",
    "truncated",
    "bad_json",
    "verdict_mismatch",
    "vacuous",
    "context_overflow",
    "guardrail",
    "refusal",
    "access",
    "budget",
    "failed",
)
RETRYABLE = frozenset({"throttled", "transient", "timeout", "truncated", "bad_json", "verdict_mismatch", "budget", "failed"})
"""Kinds that another try may mend: such cells are judged again when a run is resumed or retried."""


class JudgeError(Exception):
    """Why there is no ruling. `kind` is one of KINDS; `message` holds no text of a sample."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind, self.message = kind, message


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to a judge. `schema` is the JSON schema (as text) its answer must fit; `name` names it, [a-zA-Z0-9_].

    `mismatch` says in a sentence, free of sample text, why a ruling that fits the schema does not fit the question (a verdict is
    missing), or None. Such a ruling is asked for once more, and then it is a `verdict_mismatch`; it is never cached.
    """

    name: str
    prompt: str
    schema: str
    system: str = ""
    mismatch: Callable[[Any], str | None] | None = field(default=None, compare=False)


@dataclass(slots=True, kw_only=True)
class Tab:
    """What judging one cell has cost so far; every paid call is written on it, answered or not.

    `limit` is the cell's deadline, where it has one.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    limit: asyncio.Timeout | None = None
    _waiting: int = 0
    _left: float | None = None

    def spent(self) -> Spent:
        return Spent(calls=self.calls, input_tokens=self.input_tokens, output_tokens=self.output_tokens)

    @contextmanager
    def off_the_clock(self) -> Iterator[None]:
        """The cell's deadline stands still inside: waiting for a free place is no slowness of the judge."""
        loop = asyncio.get_running_loop()
        if self._waiting == 0 and self.limit is not None and not self.limit.expired():
            ends = self.limit.when()
            self._left = None if ends is None else ends - loop.time()
            self.limit.reschedule(None)
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if self._waiting == 0 and self.limit is not None and self._left is not None and not self.limit.expired():
                self.limit.reschedule(loop.time() + self._left)
                self._left = None


class Judge(Protocol):
    """A model that rules. `ref` is its model's."""

    @property
    def ref(self) -> str: ...

    async def ask(self, question: Question, tab: Tab) -> Any:  # noqa: ANN401  a JSON value that fits the question's schema
        """The ruling as a JSON value, checked against the schema. Raises JudgeError for everything else."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors whose cosine says how alike they are. `ref` is `provider:name`."""

    @property
    def ref(self) -> str: ...

    async def embed(self, texts: Sequence[str], tab: Tab) -> tuple[tuple[float, ...], ...]:
        """One vector of length 1 for each text. Raises JudgeError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything a judged metric works with. `deadline_s` is for one cell and all its calls, `in_flight` is cells at once."""

    judge: Judge
    embedder: Embedder
    panel: tuple[Judge, ...] = ()
    deadline_s: float = 300.0
    in_flight: int = 16
