"""Real Bedrock traffic, recorded by others, served over HTTP and read by our adapter.

The recordings are third-party and not part of the product: FERRY_SHARED names the folder that holds data/cassettes.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
import yaml

from pipeline.hashing import canonical_json
from pipeline.models import open_model
from pipeline.records import Output
from tests.pipeline.models import frames
from tests.pipeline.models.ask import request, settings
from tests.pipeline.models.peer import Said, bedrock

CASSETTES = Path(os.environ.get("FERRY_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "cassettes"
KEPT_HEADERS = ("content-type", "x-amzn-errortype", "x-amzn-requestid")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded call."""

    name: str
    model: str
    operation: str
    status: int
    headers: dict[str, str]
    body: bytes


def recorded_calls() -> Iterator[Recorded]:
    for path in sorted(CASSETTES.glob("*/*.yaml")):
        cassette = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
        for number, call in enumerate(cassette["interactions"]):
            parts = unquote(urlparse(call["request"]["uri"]).path).removeprefix("/model/").rsplit("/", 1)
            if parts[-1] in {"converse", "converse-stream"}:
                yield _recorded(f"{path.stem}#{number}", parts[0], parts[1], call["response"])


def _recorded(name: str, model: str, operation: str, response: dict[str, Any]) -> Recorded:
    body = response["body"]["string"] if "body" in response else json.dumps(response["parsed_body"])
    headers = {key.lower(): values[0] for key, values in response["headers"].items()}
    kept = {key: value for key, value in headers.items() if key in KEPT_HEADERS}
    return Recorded(name, model, operation, response["status"]["code"], kept, body if isinstance(body, bytes) else body.encode())


RECORDED = list(recorded_calls()) if CASSETTES.is_dir() else []
pytestmark = pytest.mark.skipif(not CASSETTES.is_dir(), reason=f"no recordings in {CASSETTES}: set FERRY_SHARED")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


async def replayed(call: Recorded) -> Output:
    """What our adapter makes of one recorded call."""
    said = Said(status=call.status, headers=call.headers, parts=[call.body])
    async with bedrock({call.model: [said]}) as peer:
        stream = call.operation == "converse-stream"
        model = open_model(f"bedrock:{call.model}", settings=settings(endpoint_url=peer.url, stream=stream, timeout_s=10))
        output = await model.answer(request())
        await model.close()
        assert [asked[:2] for asked in peer.asked] == [(call.model, call.operation)]
    return output


def expected(call: Recorded) -> dict[str, Any]:
    """Text, tool calls, stop reason and tokens, read from the recording without boto3."""
    if call.operation == "converse":
        return _expected_reply(json.loads(call.body))
    return _expected_stream(list(frames.events(call.body)))


def _expected_reply(body: dict[str, Any]) -> dict[str, Any]:
    content = body["output"]["message"]["content"]
    tools = [canonical_json({"name": c["toolUse"]["name"], "input": c["toolUse"]["input"]}) for c in content if "toolUse" in c]
    text = "".join(c.get("text", "") for c in content)
    return {"text": text, "tools": tools, "stop": body["stopReason"], "tokens": _tokens(body["usage"])}


def _expected_stream(events: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    text, names, inputs, last = "", {}, dict[int, str](), dict(events)
    for name, payload in events:
        index, piece = payload.get("contentBlockIndex", 0), payload.get("delta", {})
        text += piece.get("text", "")
        inputs[index] = inputs.get(index, "") + piece.get("toolUse", {}).get("input", "")
        if name == "contentBlockStart":
            names[index] = payload["start"]["toolUse"]["name"]
    tools = [canonical_json({"name": names[i], "input": json.loads(inputs[i])}) for i in sorted(names)]
    return {"text": text, "tools": tools, "stop": last["messageStop"]["stopReason"], "tokens": _tokens(last["metadata"]["usage"])}


def _tokens(usage: dict[str, int]) -> tuple[int, int]:
    cached = usage.get("cacheReadInputTokens", 0) + usage.get("cacheWriteInputTokens", 0)
    return usage["inputTokens"] + cached, usage["outputTokens"]


@pytest.mark.parametrize("call", [c for c in RECORDED if c.status == 200], ids=lambda c: c.name)
async def test_a_recorded_answer_is_read_as_it_was_given(call: Recorded) -> None:
    output, wanted = await replayed(call), expected(call)
    assert output.failure is None
    assert output.usage is not None
    assert (output.text, list(output.tool_calls)) == (wanted["text"], wanted["tools"])
    assert (output.stop_reason, (output.usage.input_tokens, output.usage.output_tokens)) == (wanted["stop"], wanted["tokens"])
    assert output.request_id == call.headers.get("x-amzn-requestid")
    assert output.latency_s is not None
    assert (output.ttft_s is not None) == (call.operation == "converse-stream")


@pytest.mark.parametrize("call", [c for c in RECORDED if c.status != 200], ids=lambda c: c.name)
async def test_a_recorded_refusal_says_that_the_model_is_unknown(call: Recorded) -> None:
    output = await replayed(call)
    assert output.text is None
    assert output.failure is not None
    assert output.failure.kind == "unknown_model"
    assert output.failure.message.startswith("The provided model identifier is invalid. ")
    assert output.attempts == 1


def test_the_recordings_hold_what_they_are_here_for() -> None:
    kinds = [(c.operation, c.status) for c in RECORDED]
    assert kinds.count(("converse", 200)) >= 60
    assert kinds.count(("converse-stream", 200)) >= 12
    assert len([k for k in kinds if k[1] == 400]) >= 3
    assert any(expected(c)["tools"] for c in RECORDED if c.operation == "converse-stream" and c.status == 200)
