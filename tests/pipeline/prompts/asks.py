"""Samples and asks the tests of this folder share."""

from pipeline.prompts.port import Ask
from pipeline.prompts.template import parse_prompt
from pipeline.records import PromptVersion, Sample, UseCase

CLAUDE = "bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0"
CLAUDE_5 = "bedrock:us.anthropic.claude-sonnet-5-20260601-v1:0"
GPT_4 = "recorded:gpt-4.1"
GPT_OSS = "bedrock:openai.gpt-oss-120b-1:0"
LLAMA = "bedrock:meta.llama3-3-70b-instruct-v1:0"
MISTRAL_OLD = "bedrock:mistral.mistral-7b-instruct-v0:2"
NOVA = "bedrock:amazon.nova-lite-v1:0"
BASE = "local:gemma3-270m"

TEXTS = {
    "refund": (
        "I want my money back for the broken kettle",
        "please return the payment of last week",
        "refund me",
        "the shoes do not fit, can I get a refund for them",
    ),
    "delivery": (
        "where is my parcel now",
        "the courier did not come today although he said so",
        "late parcel",
        "when will the delivery of my new chair arrive",
    ),
}


def dev(times: int = 1) -> tuple[Sample, ...]:
    """Eight samples of two labels, in turn; `times` repeats them with other ids."""
    pairs = [(label, text) for two in zip(*TEXTS.values(), strict=True) for label, text in zip(TEXTS, two, strict=True)] * times
    return tuple(Sample(id=f"s{n}", variables={"question": text}, reference=label) for n, (label, text) in enumerate(pairs, 1))


def ask(
    prompt: str | PromptVersion = "Classify as refund or delivery.\n\nMessage: {question}\nIntent:",
    target: str = CLAUDE,
    *,
    use_case: UseCase = UseCase.CLASSIFICATION,
    samples: tuple[Sample, ...] | None = None,
) -> Ask:
    version = parse_prompt(prompt) if isinstance(prompt, str) else prompt
    return Ask(prompt=version, target=target, use_case=use_case, dev=dev() if samples is None else samples)
