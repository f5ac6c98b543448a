"""A model's family is read from its name."""

import pytest

from pipeline.models import family
from pipeline.models.families import FAMILIES

NAMES = {
    "bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0": "anthropic",
    "bedrock:arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2": "anthropic",
    "bedrock:amazon.nova-2-lite-v1:0": "amazon",
    "bedrock:amazon.titan-text-lite-v1": "amazon",
    "bedrock:us.meta.llama4-maverick-17b-instruct-v1:0": "meta",
    "bedrock:us.mistral.pixtral-large-2502-v1:0": "mistral",
    "bedrock:openai.gpt-oss-120b-1:0": "openai",
    "bedrock:google.gemma-3-27b-it": "google",
    "bedrock:qwen.qwen3-32b-v1:0": "unknown",
    "bedrock:arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/nova1": "unknown",
    "recorded:gpt-4o": "openai",
    "recorded:GPT-4o mini": "openai",
    "recorded:o3-mini": "openai",
    "recorded:gemini-2.0-flash": "google",
    "recorded:the old one": "unknown",
    "openai:gpt-5-mini": "openai",
    "openai:mistral-large-latest@https://api.openai.com/v1": "mistral",
    "openai:qwen3@https://openai.example/llama/v1": "unknown",
    "local:gemma3-270m": "base",
    "local:/meta/models/gemma-3-270m-it-Q8_0.gguf": "google",
    "local:/models/Llama-3.2-1B-Instruct-Q8_0.gguf": "meta",
    "local:/models/Qwen3-0.6B-Base.gguf": "base",
    "local:/claude/models/Qwen3-0.6B.gguf": "unknown",
    "scripted:/tmp/claude/script.json": "unknown",
}


@pytest.mark.parametrize(("ref", "expected"), NAMES.items())
def test_a_name_tells_its_family(ref: str, expected: str) -> None:
    assert family(ref) == expected
    assert expected in FAMILIES
