"""What Chat Completions send back, whole or in pieces, read into one output.

https://platform.openai.com/docs/api-reference/chat/object and .../chat-streaming. A stream is complete once a finish reason
came; usage comes after it, and many servers send none. Servers differ in what they leave out or send as null.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.hashing import canonical_json
from pipeline.models.failures import failure
from pipeline.records import Failure, Output, Usage

NO_COMPLETION = "The server's answer is no Chat Completion. Check the address: it mostly ends in /v1"
# As Bedrock names them, which is what metrics know.
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "function_call": "tool_use"}
# Finish reasons that mean there is no answer to score: OpenAI's, Mistral's (model_length, error) and DeepSeek's.
_STOPPED = {
    "content_filter": "guardrail",
    "model_length": "context_overflow",
    "error": "transient",
    "insufficient_system_resource": "transient",
}


class _Function(BaseModel):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _Call(BaseModel):
    index: int | None = None
    function: _Function | None = None


class _Part(BaseModel):
    """A piece of Mistral's content; thinking has no `text` of its own and is no part of the answer."""

    text: str | None = None


class _Message(BaseModel):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(BaseModel):
    index: int = 0
    delta: _Message | None = None
    message: _Message | None = None
    finish_reason: str | None = None


class _Details(BaseModel):
    cached_tokens: int | None = None


class _Usage(BaseModel):
    """Of `prompt_tokens`, those from the cache are in the details; nobody that speaks like OpenAI counts what goes into it."""

    prompt_tokens: int
    completion_tokens: int = 0
    prompt_tokens_details: _Details | None = None


class _Completion(BaseModel):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    service_tier: str | None = None
    error: str | dict[str, Any] | None = None


class NoCompletionError(Exception):
    """What came is no Chat Completion; `error` is what the server said instead, if it did."""

    def __init__(self, error: Mapping[str, Any] | None = None) -> None:
        super().__init__(NO_COMPLETION)
        self.error = error


@dataclass(slots=True)
class _Tool:
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def written(self) -> str:
        """Canonical JSON; what the model wrote is evidence even where it is no JSON."""
        text = "".join(self.arguments)
        try:
            given = json.loads(text) if text else {}
        except ValueError:
            given = text
        return canonical_json({"name": self.name, "input": given})


@dataclass(slots=True, kw_only=True)
class Answer:
    """An answer while it arrives. Its first token is the first of the answer itself: reasoning before it counts as waiting."""

    started: float
    request_id: str | None = None
    texts: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    tools: dict[int, _Tool] = field(default_factory=dict)
    finish: str | None = None
    usage: Usage | None = None
    tier: str = ""
    ttft_s: float | None = None
    ended: float | None = None

    def take(self, data: object, *, whole: bool) -> None:
        """One piece of a stream, or a `whole` reply. Raises NoCompletionError for what is neither."""
        try:
            given = _Completion.model_validate(data)
        except ValidationError as error:
            raise NoCompletionError from error
        if given.error is not None:
            raise NoCompletionError(given.error if isinstance(given.error, dict) else {"message": given.error})
        if whole and not given.choices:
            raise NoCompletionError
        if given.usage is not None:
            details = given.usage.prompt_tokens_details
            self.usage = Usage(
                input_tokens=given.usage.prompt_tokens,
                output_tokens=given.usage.completion_tokens,
                cache_read_tokens=(details.cached_tokens or 0) if details else 0,
            )
        self.tier = given.service_tier or self.tier
        for choice in given.choices or ():
            if choice.index == 0:
                self._choice(choice, whole=whole)

    def output(self, sample_id: str) -> Output:
        """What came so far as an output; a stream that broke off is a failure, and a refusal is a text that says so."""
        problem = self._problem()
        refused = bool(self.refusals)
        return Output(
            sample_id=sample_id,
            text=None if problem else "".join(self.refusals if refused else self.texts),
            stop_reason="refusal" if refused and not problem else self._stop_reason(),
            usage=self.usage,
            latency_s=(self.ended or perf_counter()) - self.started,
            ttft_s=self.ttft_s,
            failure=problem,
            request_id=self.request_id,
            tool_calls=tuple(self.tools[place].written() for place in sorted(self.tools)),
            tier=self.tier,
        )

    def _choice(self, choice: _Choice, *, whole: bool) -> None:
        message = choice.message or choice.delta or _Message()
        text, calls = _text(message.content), message.tool_calls or ()
        if not whole and self.ttft_s is None and (text or message.refusal or calls):
            self.ttft_s = perf_counter() - self.started
        self.texts.append(text)
        if message.refusal:
            self.refusals.append(message.refusal)
        for call in calls:
            self._grow(call)
        self.finish = choice.finish_reason or self.finish

    def _grow(self, call: _Call) -> None:
        tool = self.tools.setdefault(len(self.tools) if call.index is None else call.index, _Tool())
        if call.function is None:
            return
        tool.name = call.function.name or tool.name
        given = call.function.arguments
        tool.arguments.append(given if isinstance(given, str) else json.dumps(given) if given is not None else "")

    def _stop_reason(self) -> str | None:
        """A tool that had to be called ends with `stop`, as an answer in words does."""
        told = _STOP_REASONS.get(self.finish or "", self.finish)
        return "tool_use" if told == "end_turn" and self.tools else told

    def _problem(self) -> Failure | None:
        if self.finish is None:
            return failure("truncated_stream")
        stopped = _STOPPED.get(self.finish)
        return failure(stopped) if stopped else None


def _text(content: str | list[_Part] | None) -> str:
    return "".join(part.text or "" for part in content) if isinstance(content, list) else content or ""
