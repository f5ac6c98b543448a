"""How much of a token quota one token of an answer uses up, where that is not one: dated facts, the first that fits decides.

https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html: at the start of a call its input and `max_tokens`
are taken, at its end it counts as input plus answer times this rate. Input read from a cache does not count.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Burndown:
    """`rate` tokens of quota for each token of an answer; `source` says who says so, and when it was read."""

    rate: float
    source: str


_AWS = "Amazon Bedrock user guide, how tokens are counted, read 2026-11"
_OTHERS = "third-party table of 2026-11, not confirmed by AWS"
_NONE = Burndown(rate=1.0, source=_AWS)
_BY_NAME: tuple[tuple[str, Burndown], ...] = (
    (r"anthropic\.claude-opus-4-8", Burndown(rate=15.0, source=_OTHERS)),
    (r"anthropic\.claude-(?:opus|sonnet|haiku)-[5-9](?!\d)", Burndown(rate=10.0, source=_OTHERS)),
    (r"openai\.gpt-5[.-]6", Burndown(rate=10.0, source=_OTHERS)),
    (r"anthropic\.claude-(?:3-7|(?:opus|sonnet|haiku)-4)", Burndown(rate=5.0, source=_AWS)),
)


def burndown(ref: str) -> Burndown:
    """For the model `ref` names; one for one where nothing else is known, and away from Bedrock."""
    if not ref.startswith("bedrock:"):
        return _NONE
    return next((found for pattern, found in _BY_NAME if re.search(pattern, ref)), _NONE)
