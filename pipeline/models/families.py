"""Which family a model is of, read from its name: decides which writing rules its prompts follow.

A name is all that is known before the first call, also of a source of which only outputs came with the dataset
(`recorded:gpt-4o`). What no rule knows is "unknown", and an application inference profile hides its model.
"""

import re

from pipeline.models.address import split_address

FAMILIES = ("anthropic", "openai", "meta", "mistral", "amazon", "google", "base", "unknown")

# The first rule that matches decides: a base model continues text whatever its family, so it comes first.
_RULES = tuple(
    (family, re.compile(rf"(?<![a-z])(?:{words})(?![a-z])"))
    for family, words in (
        ("base", r"gemma3-270m|gemma-3-270m(?!-it)|base|pretrained|pt"),
        ("unknown", r"application-inference-profile|provisioned-model"),
        ("anthropic", r"anthropic|claude"),
        ("openai", r"openai|chatgpt|gpt|o[134]|davinci"),
        ("mistral", r"mistral(?:ai)?|mixtral|pixtral|ministral|magistral|codestral|devstral|voxtral"),
        ("amazon", r"nova|titan"),
        ("meta", r"meta|llama|codellama"),
        ("google", r"google|gemini|gemma|palm"),
    )
)


def family(ref: str) -> str:
    """One of FAMILIES for a reference such as `bedrock:us.anthropic.claude-haiku-4-5` or `local:/models/Qwen3-4B.gguf`."""
    provider, _, name = ref.partition(":")
    if provider == "scripted":
        return "unknown"
    words = re.split(r"[\\/]", name)[-1] if provider == "local" else name
    words = split_address(name)[0] if provider == "openai" else words
    return next((found for found, rule in _RULES if rule.search(words.lower())), "unknown")
