"""CountTokens as it was recorded, and what is made of a model that does not count."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
import yaml

from pipeline.models import open_model
from pipeline.models.limits import Limiter, read_rules
from pipeline.models.providers.bedrock import converse_request, make_client, or_failure
from pipeline.models.providers.bedrock_count import TokenCounter
from pipeline.records import Request
from tests.pipeline.models.ask import all_of, request, settings
from tests.pipeline.models.peer import Said, answered, bedrock, error
from tests.pipeline.models.test_bedrock_recorded import CASSETTES

SONNET = "anthropic.claude-sonnet-4-20250514-v1:0"
LIMITED = '{"bedrock:*": {"tokens_per_minute": 100000000}}'


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def recorded() -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Name, model, request and response of every recorded CountTokens call."""
    found = []
    for path in sorted(Path(CASSETTES).glob("*/*.yaml")):
        for number, call in enumerate(yaml.load(path.read_text(), Loader=yaml.CSafeLoader)["interactions"]):
            parts = unquote(urlparse(call["request"]["uri"]).path).removeprefix("/model/").rsplit("/", 1)
            if parts[-1] == "count-tokens":
                found.append((f"{path.stem}#{number}", parts[0], json.loads(call["request"]["body"]), call["response"]))
    return found


RECORDED = recorded() if CASSETTES.is_dir() else []


def said(response: dict[str, Any]) -> Said:
    body = json.dumps(response["parsed_body"]).encode() if "parsed_body" in response else response["body"]["string"]
    headers = {k: v[0] for k, v in response["headers"].items() if k.lower() in {"content-type", "x-amzn-errortype"}}
    return Said(status=response["status"]["code"], headers=headers, parts=[body if isinstance(body, bytes) else body.encode()])


async def count(counter: TokenCounter, url: str, call: dict[str, Any]) -> int | None:
    given = settings(endpoint_url=url, timeout_s=10)
    client = make_client("bedrock-runtime", given)
    try:
        return await counter.count(call, lambda work: asyncio.to_thread(or_failure, work, given), lambda: client)
    finally:
        client.close()


@pytest.mark.skipif(not RECORDED, reason=f"no recordings in {CASSETTES}: set FERRY_SHARED")
@pytest.mark.parametrize(("name", "model", "asked", "response"), RECORDED, ids=[name for name, *_ in RECORDED])
async def test_a_recorded_count_is_read_as_it_was_given(
    name: str, model: str, asked: dict[str, Any], response: dict[str, Any]
) -> None:
    counter = TokenCounter(f"us.{model}" if "profile" in name else model)
    async with bedrock({model: [said(response)]}) as peer:
        call = {"modelId": model, "inferenceConfig": {"maxTokens": 5}, **asked["input"]["converse"]}
        call.pop("additionalModelRequestFields", None)
        counted = await count(counter, peer.url, call)
        assert counted == (response["parsed_body"].get("inputTokens") if response["status"]["code"] == 200 else None)
        assert counter.refused == (response["status"]["code"] == 400)
        (posted,) = peer.asked
    wanted = {key: value for key, value in asked["input"]["converse"].items() if key in {"messages", "system", "toolConfig"}}
    assert posted == (model, "count-tokens", {"input": {"converse": wanted}})


@pytest.mark.skipif(not RECORDED, reason=f"no recordings in {CASSETTES}: set FERRY_SHARED")
def test_the_recordings_hold_counts_and_a_refusal() -> None:
    assert sorted({response["status"]["code"] for *_, response in RECORDED}) == [200, 400]
    assert len(RECORDED) >= 5


async def test_the_first_request_of_a_prompt_is_counted_and_no_other() -> None:
    counted = Said(headers={"Content-Type": "application/json"}, parts=[b'{"inputTokens": 40}'])
    async with bedrock({SONNET: [counted, answered("yes")]}) as peer:
        limiter = Limiter(rules=read_rules(LIMITED))
        given = settings(endpoint_url=peer.url, timeout_s=10, stream=False, limiter=limiter)
        model = open_model(f"bedrock:{SONNET}", settings=given)
        await model.answer(request("a" * 100))
        await all_of(model, [request("b" * 50), request("c" * 200)])
        await model.close()
        limiter.close()
    assert [operation for _, operation, _ in peer.asked] == ["count-tokens", "converse", "converse", "converse"]


async def test_a_model_that_does_not_count_is_asked_once_and_answers_all_the_same() -> None:
    refused = error(400, "ValidationException", "The provided model doesn't support counting tokens.")
    async with bedrock({SONNET: [refused, answered("yes")]}) as peer:
        limiter = Limiter(rules=read_rules(LIMITED))
        given = settings(endpoint_url=peer.url, timeout_s=10, stream=False, limiter=limiter)
        model = open_model(f"bedrock:{SONNET}", settings=given)
        prompts: list[Request] = [request("x", system="one"), request("x", system="two")]
        outputs = [await model.answer(each) for each in prompts]
        await model.close()
        limiter.close()
    assert [output.text for output in outputs] == ["yes", "yes"]
    assert [operation for _, operation, _ in peer.asked] == ["count-tokens", "converse", "converse"]


async def test_without_a_limit_on_tokens_nothing_is_counted() -> None:
    async with bedrock({SONNET: [answered("yes")]}) as peer:
        limiter = Limiter()
        given = settings(endpoint_url=peer.url, timeout_s=10, stream=False, limiter=limiter)
        model = open_model(f"bedrock:{SONNET}", settings=given)
        await model.answer(request("x"))
        await model.close()
    assert [operation for _, operation, _ in peer.asked] == ["converse"]
    assert converse_request(SONNET, request("x"))["modelId"] == SONNET
