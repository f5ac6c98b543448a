"""What a reference says of the model behind it, as far as the lint needs it."""

import re

from pipeline.models import family

_CLAUDE = re.compile(r"claude-(?P<tier>opus|sonnet|haiku)-(?P<major>\d+)(?:-(?P<minor>\d{1,2})(?!\d))?")
_STRUCTURED = re.compile(r"qwen|deepseek|mistral|gemma|nemotron|minimax|kimi|moonshot|openai|gpt-oss")


def on_bedrock(ref: str) -> bool:
    return ref.startswith("bedrock:")


def claude(ref: str) -> tuple[str, tuple[int, int]] | None:
    """Tier and version of a Claude 4 or later, such as ("sonnet", (4, 6)); None for other models."""
    found = _CLAUDE.search(ref.lower())
    return (found["tier"], (int(found["major"]), int(found["minor"] or 0))) if found else None


def claude_from(ref: str, version: tuple[int, int], *, tiers: tuple[str, ...] = ("opus", "sonnet", "haiku")) -> bool:
    """Whether `ref` is a Claude of these tiers, of `version` or later."""
    found = claude(ref)
    return found is not None and found[0] in tiers and found[1] >= version


def takes_schema(ref: str) -> bool:
    """Whether Converse takes a JSON schema for this model; models no list names count as able.

    Claude from 4.5 on and some models each of Qwen, DeepSeek, Mistral, Gemma, Nemotron, MiniMax, Kimi and OpenAI do.
    https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html, read 2026-11
    """
    if not on_bedrock(ref):
        return True
    of_family = family(ref)
    if of_family == "anthropic":
        return claude_from(ref, (4, 5))
    return of_family not in {"meta", "amazon"} or _STRUCTURED.search(ref.lower()) is not None
