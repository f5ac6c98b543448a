"""Whether an account can call a model: one tiny call over the wire, and the sentence for what comes back."""

import pytest

from pipeline.errors import InputError
from pipeline.models.preflight import Answer, preflight
from tests.pipeline.models.ask import settings
from tests.pipeline.models.peer import Said, answered, bedrock, error

M = "anthropic.claude-haiku-4-5-20251001-v1:0"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


PROFILE = "Invocation of model ID x with on-demand throughput isn\u2019t supported. Retry with an inference profile."
DENIED = "You don't have access to the model with the specified model ID."


@pytest.mark.parametrize(
    ("said", "answer", "kind", "words"),
    [
        (answered("H", "max_tokens"), Answer.YES, "", "can be called in us-east-1"),
        (answered("", "guardrail_intervened"), Answer.YES, "", "can be called"),
        (error(403, "AccessDeniedException", DENIED), Answer.NO, "model_not_enabled", "Model access"),
        (
            error(403, "AccessDeniedException", "not authorized to perform: bedrock:InvokeModel"),
            Answer.NO,
            "access",
            "InvokeModel",
        ),
        (error(400, "ValidationException", PROFILE), Answer.NO, "needs_inference_profile", "in front of the model id"),
        (error(400, "ValidationException", "The provided model identifier is invalid."), Answer.NO, "unknown_model", "region"),
        (error(404, "ResourceNotFoundException", "reached the end of its life."), Answer.NO, "unknown_model", "another target"),
        (error(429, "ThrottlingException", "Too many requests"), Answer.UNSURE, "throttled", "is not sure"),
        (error(503, "ServiceUnavailableException", "try later"), Answer.UNSURE, "transient", "is not sure"),
        (Said(end="reset"), Answer.UNSURE, "transient", "not available"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_one_call_says_it(said: Said, answer: Answer, kind: str, words: str) -> None:
    async with bedrock({M: [said]}) as peer:
        found = await preflight(f"bedrock:{M}", settings(endpoint_url=peer.url, timeout_s=5.0))
        assert (found.answer, found.kind) == (answer, kind)
        assert words in found.sentence
        assert peer.calls(M) == 1
        assert peer.asked[0][1:] == (
            "converse",
            {"messages": [{"role": "user", "content": [{"text": "Hi"}]}], "inferenceConfig": {"maxTokens": 1}},
        )


async def test_a_model_that_refuses_one_token_is_asked_for_sixteen() -> None:
    too_few = error(400, "ValidationException", "max_tokens: must be at least 16")
    async with bedrock({M: [too_few, answered("Hello")]}) as peer:
        found = await preflight(f"bedrock:{M}", settings(endpoint_url=peer.url, timeout_s=5.0))
        assert found.answer is Answer.YES
        assert [body["inferenceConfig"]["maxTokens"] for _, _, body in peer.asked] == [1, 16]
    async with bedrock({M: [too_few]}) as peer:
        found = await preflight(f"bedrock:{M}", settings(endpoint_url=peer.url, timeout_s=5.0))
        assert (found.answer, peer.calls(M)) == (Answer.NO, 2)


async def test_a_reference_that_names_no_model_is_refused() -> None:
    with pytest.raises(InputError, match="does not name a model"):
        await preflight("gpt-4o", settings())
