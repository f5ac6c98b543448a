"""What a change of a prompt adds to 1,000 calls, as far as it is known before they are made."""

from pipeline.prompts.contract import CHARACTERS_PER_TOKEN
from pipeline.prompts.port import Ask
from pipeline.records import Usage


def added_usd(ask: Ask, characters: int) -> float | None:
    """USD that so many more characters in a prompt add to 1,000 calls, at three characters per token; None without a price."""
    return _usd(ask, Usage(input_tokens=-(-characters // CHARACTERS_PER_TOKEN), output_tokens=0))


def saved_usd(ask: Ask, tokens: float) -> float | None:
    """USD by which so many fewer output tokens per answer change 1,000 calls, a negative figure; None without a price."""
    found = _usd(ask, Usage(input_tokens=0, output_tokens=round(tokens)))
    return None if found is None else -found


def _usd(ask: Ask, usage: Usage) -> float | None:
    return None if ask.price is None else round(1000 * ask.price.of(usage), 4)
