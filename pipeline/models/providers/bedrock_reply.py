"""What Converse and ConverseStream send back, read into one shape.

A stream is complete only with `messageStop` and `metadata`: a connection that closes early ends the iteration without an
error. `metadata` comes after `messageStop`, and text blocks have no `contentBlockStart`.
"""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from pipeline.hashing import canonical_json
from pipeline.models.failures import failure
from pipeline.records import Output, Usage

# Stop reasons that mean there is no answer to score; the others pass through as Bedrock names them.
_STOPPED = {
    "guardrail_intervened": "guardrail",
    "content_filtered": "guardrail",
    "malformed_model_output": "malformed",
    "malformed_tool_use": "malformed",
    "model_context_window_exceeded": "context_overflow",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply as far as it came. `tool_calls` are canonical JSON objects with name and input, in order."""

    text: str
    tool_calls: tuple[str, ...]
    stop_reason: str | None
    usage: Usage | None
    request_id: str | None
    ttft_s: float | None = None
    complete: bool = True
    tier: str = ""
    out_of_time: bool = False


@dataclass(slots=True)
class _Block:
    """One content block while it grows."""

    text: list[str] = field(default_factory=list)
    tool: str | None = None
    tool_input: list[str] = field(default_factory=list)


def read_reply(response: Mapping[str, Any]) -> Reply:
    """A Converse response; reasoning is not part of the answer."""
    content = response.get("output", {}).get("message", {}).get("content", [])
    tools = [block["toolUse"] for block in content if "toolUse" in block]
    return Reply(
        text="".join(block["text"] for block in content if "text" in block),
        tool_calls=tuple(canonical_json({"name": t["name"], "input": t["input"]}) for t in tools),
        stop_reason=response.get("stopReason"),
        usage=_usage(response.get("usage")),
        request_id=_request_id(response),
        tier=_tier(response),
    )


def read_stream(
    events: Iterable[Mapping[str, Any]], response: Mapping[str, Any], *, started: float, deadline: float, stop: threading.Event
) -> Reply:
    """A ConverseStream's events up to its end, the deadline (both on `perf_counter`) or `stop`; TTFT is the first delta's."""
    blocks: dict[int, _Block] = {}
    stop_reason: str | None = None
    usage: Usage | None = None
    ttft_s: float | None = None
    late, tier = False, ""
    for event in events:
        if "contentBlockDelta" in event or "contentBlockStart" in event:
            ttft_s = perf_counter() - started if ttft_s is None else ttft_s
            _grow(blocks, event)
        elif "messageStop" in event:
            stop_reason = event["messageStop"].get("stopReason")
        elif "metadata" in event:
            usage, tier = _usage(event["metadata"].get("usage")), _tier(event["metadata"])
        late = perf_counter() > deadline
        if late or stop.is_set():
            break
    complete = stop_reason is not None and usage is not None
    ordered = [blocks[index] for index in sorted(blocks)]
    return Reply(
        text="".join(part for block in ordered for part in block.text),
        tool_calls=tuple(_tool_call(block) for block in ordered if block.tool is not None),
        stop_reason=stop_reason,
        usage=usage,
        request_id=_request_id(response),
        ttft_s=ttft_s,
        complete=complete,
        tier=tier,
        out_of_time=late and not complete,
    )


def output_of(sample_id: str, reply: Reply) -> Output:
    """The reply as the output of a sample, without the time it took."""
    stopped = _STOPPED.get(reply.stop_reason or "")
    problem = failure("truncated_stream") if not reply.complete else None
    problem = failure("timeout") if reply.out_of_time else problem
    problem = failure(stopped) if stopped else problem
    return Output(
        sample_id=sample_id,
        text=None if problem else reply.text,
        stop_reason=reply.stop_reason,
        usage=reply.usage,
        ttft_s=reply.ttft_s,
        failure=problem,
        request_id=reply.request_id,
        tool_calls=reply.tool_calls,
        tier=reply.tier,
    )


def _grow(blocks: dict[int, _Block], event: Mapping[str, Any]) -> None:
    part = event.get("contentBlockStart") or event["contentBlockDelta"]
    block = blocks.setdefault(part.get("contentBlockIndex", 0), _Block())
    if "start" in part:
        block.tool = part["start"].get("toolUse", {}).get("name", block.tool)
        return
    delta = part.get("delta", {})
    block.text.append(delta.get("text", ""))
    block.tool_input.append(delta.get("toolUse", {}).get("input", ""))


def _tool_call(block: _Block) -> str:
    written = "".join(block.tool_input)
    try:
        arguments = json.loads(written) if written else {}
    except ValueError:
        arguments = written  # what the model wrote is evidence even where it is no JSON
    return canonical_json({"name": block.tool, "input": arguments})


def _usage(counted: Mapping[str, Any] | None) -> Usage | None:
    """Input as the model read it: Bedrock's inputTokens leave out what came from or went into the prompt cache."""
    if counted is None:
        return None
    read, written = counted.get("cacheReadInputTokens", 0), counted.get("cacheWriteInputTokens", 0)
    return Usage(
        input_tokens=counted["inputTokens"] + read + written,
        output_tokens=counted["outputTokens"],
        cache_read_tokens=read,
        cache_write_tokens=written,
    )


def _tier(said: Mapping[str, Any]) -> str:
    """The service tier that was used, which may be another one than was asked for; empty where Bedrock does not say."""
    return str((said.get("serviceTier") or {}).get("type") or "")


def _request_id(response: Mapping[str, Any]) -> str | None:
    found = response.get("ResponseMetadata", {}).get("RequestId")
    return str(found) if found else None
