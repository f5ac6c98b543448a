"""Opening a bench, and the whole ladder over Bedrock's own wire."""

import json
from typing import Any

import pytest

from pipeline.errors import InputError, RefusedError
from pipeline.metrics.judge.bench import open_bench
from pipeline.metrics.judge.port import Tab
from pipeline.metrics.judge.prompts import prompts_hash
from pipeline.metrics.judge.rulings import MemoryRulings
from pipeline.models import ModelSettings, ScriptedModel
from pipeline.records import JudgeChoice
from tests.pipeline.metrics.judge.judges import GOOD, SCHEMA, VALUE, question
from tests.pipeline.models.ask import settings
from tests.pipeline.models.peer import Said, answered, bedrock, error

MODEL = "amazon.nova-pro-v1:0"
REFUSED = error(400, "ValidationException", "This model doesn't support the outputConfig field.")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def called(value: object) -> Said:
    """A Converse reply that calls the tool."""
    use = {"toolUse": {"toolUseId": "t1", "name": "rating", "input": value}}
    body = {
        "output": {"message": {"role": "assistant", "content": [use]}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 10, "outputTokens": 3, "totalTokens": 13},
        "metrics": {"latencyMs": 50},
    }
    return Said(parts=[json.dumps(body).encode()])


async def asked(*said: Said) -> list[dict[str, Any]]:
    """The bodies of a judge's calls to Bedrock until it has ruled, and once more after that."""
    async with bedrock({MODEL: said}) as peer:
        choice = JudgeChoice(model=f"bedrock:{MODEL}")
        async with open_bench(choice, MemoryRulings(), settings=settings(endpoint_url=peer.url, timeout_s=5.0)) as bench:
            assert await bench.judge.ask(question(), Tab()) == VALUE
            assert await bench.judge.ask(question("Next?"), Tab()) == VALUE
        assert {operation for _, operation, _ in peer.asked} == {"converse"}
        return [body for *_, body in peer.asked]


async def test_bedrock_gets_the_schema_without_what_it_refuses() -> None:
    first, _ = await asked(answered(GOOD))
    sent = json.loads(first["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])
    assert sent["properties"]["score"] == {"type": "integer"}
    assert (sent["required"], sent["additionalProperties"]) == (["reason", "score"], False)
    assert list(sent["properties"]) == ["reason", "score"], "the reason is written first"
    assert "maximum" in SCHEMA


async def test_a_model_without_schemas_is_made_to_call_a_tool() -> None:
    refused, first, second = await asked(REFUSED, called(VALUE))
    assert "outputConfig" in refused
    for body in (first, second):
        assert "outputConfig" not in body
        assert body["toolConfig"]["toolChoice"] == {"any": {}}
        (tool,) = body["toolConfig"]["tools"]
        assert tool["toolSpec"]["name"] == "rating"
        assert list(tool["toolSpec"]["inputSchema"]["json"]["properties"]) == ["reason", "score"]


async def test_a_model_without_either_is_asked_in_words() -> None:
    *_, first, second = await asked(REFUSED, REFUSED, answered(f"My ruling:\n```json\n{GOOD}\n```"))
    for body in (first, second):
        assert not {"outputConfig", "toolConfig"} & body.keys()
        assert "must fit this JSON schema" in body["messages"][0]["content"][0]["text"]


async def test_a_bench_opens_what_is_chosen_without_streams_and_closes_it() -> None:
    opened: list[ScriptedModel] = []

    def models(ref: str, *, settings: ModelSettings) -> ScriptedModel:
        assert not settings.stream
        opened.append(ScriptedModel({}, ref=ref, concurrency=5))
        return opened[-1]

    choice = JudgeChoice(model="a:1", panel=("b:2", "c:3"), embedder="hashing:64", prompts_hash=prompts_hash())
    async with open_bench(choice, MemoryRulings(), deadline_s=9.0, models=models) as bench:
        assert [bench.judge.ref, *(judge.ref for judge in bench.panel)] == ["a:1", "b:2", "c:3"]
        assert (bench.embedder.ref, bench.deadline_s, bench.in_flight) == ("hashing:64", 9.0, 20)
        assert not any(model.closed for model in opened)
    assert all(model.closed for model in opened)


@pytest.mark.parametrize(
    ("choice", "error", "words"),
    [
        (JudgeChoice(model="gpt"), InputError, "does not name a model"),
        (JudgeChoice(model="recorded:x", embedder="words"), InputError, "names no embedder"),
        (JudgeChoice(model="recorded:x", prompts_hash="old"), RefusedError, "Approve a new plan"),
        (JudgeChoice(model="recorded:x", libraries=("ragas 0.4.2",)), RefusedError, "approved with ragas 0.4.2"),
    ],
)
async def test_what_cannot_be_opened_is_a_sentence(choice: JudgeChoice, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        async with open_bench(choice, MemoryRulings()):
            raise AssertionError("not reached")
