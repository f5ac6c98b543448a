"""OptimizePrompt on the wire: a server of our own answers boto3 with event-stream frames, errors and cuts."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from pipeline.errors import FerryError, PermanentError, TemporaryError
from pipeline.models import ModelSettings
from pipeline.models.providers.bedrock import make_client
from pipeline.prompts.methods import METHODS, candidates
from pipeline.prompts.methods.bedrock_optimize import SERVICE, BedrockOptimize, model_id
from pipeline.prompts.template import parse_prompt
from tests.pipeline.prompts.asks import BASE, CLAUDE, LLAMA, NOVA, ask
from tests.pipeline.prompts.methods.event_stream import Reply, Server, analysed, exception, optimised

PROMPT = "Classify the message of a customer by its intent: {question}"


def client_of(url: str) -> Callable[[], Any]:
    def make() -> Any:
        import boto3
        from botocore.config import Config

        config = Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=5)
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
        client: Any = session.client
        return client("bedrock-agent-runtime", endpoint_url=url, config=config)

    return make


@asynccontextmanager
async def bedrock(reply: Callable[[str], Reply]) -> AsyncIterator[tuple[Server, BedrockOptimize]]:
    server = Server(reply)
    app = web.Application()
    app.router.add_post("/optimize-prompt", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield server, BedrockOptimize(client=client_of(f"http://127.0.0.1:{port}"))
    finally:
        await runner.cleanup()


def good(text: str) -> Reply:
    return Reply(analysed("The task is ") + analysed("clear.") + optimised(f"Better. {text}"))


async def test_text_goes_out_with_double_braces_and_comes_back_in_its_own_syntax() -> None:
    async with bedrock(good) as (server, method):
        (found,) = await method.propose(ask(PROMPT + ' as {"intent": "..."}'))
    sent = server.asked[0]["input"]["textPrompt"]["text"]
    assert "{{question}}" in sent
    assert '{"intent": "..."}' in sent
    assert found.user == f"Better. {sent.replace('{{question}}', '{question}')}"
    assert found.method == "OptimizePrompt"
    assert [(e.rule, e.reason) for e in found.edits if e.rule.startswith("optimize")] == [("optimize-user", "The task is clear.")]
    assert server.asked[0]["targetModelId"] == "anthropic.claude-sonnet-4-5-20250929-v1:0"


async def test_system_and_user_are_rewritten_apart_and_a_bare_variable_stays() -> None:
    async with bedrock(good) as (server, method):
        asked = ask(parse_prompt("{question}", "You sort messages of customers by intent."))
        (found,) = await method.propose(asked)
    assert len(server.asked) == 1
    assert found.system.startswith("Better. You sort")
    assert found.user == "{question}"


async def test_a_text_sent_as_a_json_string_is_unquoted() -> None:
    async with bedrock(lambda text: Reply(optimised('"Sort\\n{{question}}"'))) as (_, method):
        (found,) = await method.propose(ask(PROMPT))
    assert found.user == "Sort\n{question}"


async def test_a_rewrite_that_lost_the_variable_is_refused_by_the_guards() -> None:
    async with bedrock(lambda text: Reply(optimised("Sort the message."))) as (_, method):
        (found,) = await candidates(ask(PROMPT), {method.name: method})
    assert found.refusal is not None
    assert found.refusal.startswith("It lost {question}")


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (Reply(b"not authorized", 403, "AccessDeniedException"), PermanentError, "bedrock:OptimizePrompt"),
        (Reply(b"Rate exceeded", 429, "ThrottlingException"), TemporaryError, "throttled for now"),
        (Reply(b"Model is not supported", 400, "ValidationException"), PermanentError, "does not support this model"),
        (Reply(b"oops", 500, "InternalServerException"), TemporaryError, "was not available"),
        (Reply(b"dependency", 424, "DependencyFailedException"), FerryError, "dependency"),
        (Reply(analysed("Hm.") + exception("throttlingException", "Rate exceeded")), TemporaryError, "throttled for now"),
        (Reply(exception("accessDeniedException", "no")), PermanentError, "bedrock:OptimizePrompt"),
        (Reply(exception("validationException", "Model X")), PermanentError, "Bedrock says: Model X."),
        (Reply(analysed("Hm.")), TemporaryError, "broke off"),
        (Reply(analysed("Hm.") + optimised("Sort {{question}}")[:40]), TemporaryError, "broke off"),
        (Reply(analysed("Hm.") + optimised("Sort {{question}}")[:40], abort=True), TemporaryError, "broke off"),
        (Reply(b"\x00" * 64), TemporaryError, "broke off"),
    ],
)
async def test_what_goes_wrong_becomes_a_sentence(reply: Reply, kind: type[FerryError], said: str) -> None:
    async with bedrock(lambda text: reply) as (_, method):
        with pytest.raises(kind) as caught:
            await method.propose(ask(PROMPT))
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("target", "aside"),
    [(CLAUDE, True), (NOVA, False), ("bedrock:eu.meta.llama4-scout-17b-instruct-v1:0", False), (LLAMA, False)],
)
async def test_a_refusal_says_when_aws_never_named_the_model(target: str, aside: bool) -> None:
    async with bedrock(lambda text: Reply(b"Model is not supported", 400, "ValidationException")) as (server, method):
        with pytest.raises(PermanentError) as caught:
            await method.propose(ask(PROMPT, target))
    assert ("not among the models AWS listed for OptimizePrompt in November 2026" in caught.value.message) is aside
    assert len(server.asked) == 1


async def test_a_model_that_no_list_names_may_be_rewritten_for_all_the_same() -> None:
    async with bedrock(good) as (_, method):
        (found,) = await method.propose(ask(PROMPT, CLAUDE))
    assert found.user.startswith("Better.")


async def test_a_refusal_costs_this_candidate_only() -> None:
    async with bedrock(lambda text: Reply(b"no", 403, "AccessDeniedException")) as (_, method):
        found = await candidates(ask(PROMPT), {**METHODS, method.name: method})
    assert found[0].prompt.method == "as is"
    refused = [c for c in found if c.refusal]
    assert [(c.prompt.method, c.prompt.user) for c in refused] == [("OptimizePrompt", "")]
    assert len(found) > 2


async def test_a_server_that_is_not_there_is_a_sentence() -> None:
    method = BedrockOptimize(client=client_of("http://127.0.0.1:9"))
    with pytest.raises(TemporaryError, match="was not available"):
        await method.propose(ask(PROMPT))


async def test_a_prompt_that_is_too_long_is_refused_without_a_call() -> None:
    async with bedrock(good) as (server, method):
        with pytest.raises(PermanentError, match="200,000"):
            await method.propose(ask(replace(ask(PROMPT).prompt, user="word " * 50_000 + "{question}")))
    assert server.asked == []


def test_it_applies_to_bedrock_targets_only_and_knows_base_ids() -> None:
    assert BedrockOptimize().applies(ask(PROMPT, CLAUDE))
    assert not BedrockOptimize().applies(ask(PROMPT, BASE))


NOVA_ID = "amazon.nova-lite-v1:0"
ARN = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/"


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        (NOVA_ID, NOVA_ID),
        *((f"{region}.{NOVA_ID}", NOVA_ID) for region in ("us", "eu", "apac", "jp", "au", "ca", "in", "us-gov", "global")),
        (f"{ARN}in.{NOVA_ID}", NOVA_ID),
        (f"{ARN.replace('aws:', 'aws-us-gov:')}us-gov.{NOVA_ID}", NOVA_ID),
        ("us.anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-haiku-20240307-v1:0"),
        (f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA_ID}", f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA_ID}"),
        ("inception.mercury-v1:0", "inception.mercury-v1:0"),
    ],
)
async def test_what_is_sent_is_the_id_of_the_model_without_its_inference_profile(target: str, sent: str) -> None:
    assert model_id(f"bedrock:{target}") == sent
    async with bedrock(good) as (server, method):
        await method.propose(ask(PROMPT, f"bedrock:{target}"))
    assert [each["targetModelId"] for each in server.asked] == [sent]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (ModelSettings(), "Name one with --region or AWS_REGION. (NoRegionError)"),
        (ModelSettings(region="us-east-1"), "Configure AWS credentials"),
        (ModelSettings(region="us-east-1", profile="nobody"), "Configure AWS credentials"),
        (ModelSettings(region="no such region"), "Name one with --region or AWS_REGION. (InvalidRegionError)"),
    ],
)
async def test_without_a_region_or_credentials_it_says_which_is_missing(
    settings: ModelSettings, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    method = BedrockOptimize(client=partial(make_client, SERVICE, settings))
    with pytest.raises(PermanentError) as caught:
        await method.propose(ask(PROMPT))
    assert said in caught.value.message
    assert "bedrock:OptimizePrompt" not in caught.value.message
    assert "not among the models" not in caught.value.message
