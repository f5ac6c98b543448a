"""Who keeps what a model is sent, by what the hosts say of their service as it comes; an agreement of yours may say otherwise.

Amazon Bedrock: https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html and abuse-detection.html. Most models
keep nothing; OpenAI's models other than gpt-oss keep what a classifier flagged, Claude Fable 5 and 5.1 keep everything, both up
to 30 days. OpenAI: https://developers.openai.com/api/docs/guides/your-data, logs against abuse of up to 30 days unless OpenAI
approved less.
"""

import re
from dataclasses import dataclass

from pipeline.models.catalog.names import base

READ = "2026-11"
NO_RETENTION = "no retention"
"""The feature: prompts and answers are not kept by the host."""

_KEEPING = re.compile(r"openai\.(?!gpt-oss)|anthropic\.claude-fable-5")
_UNSAID = re.compile(r"anthropic\.claude-mythos|xai\.|.*preview")
"""Models newer than what these pages name, with terms of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Whether the host keeps nothing, and where that is said."""

    nothing: bool
    source: str
    date: str = READ


def retention(provider: str, name: str) -> Retention | None:
    """What is said of `name` at `provider`; None where nobody says, or where a recorded source tells no host."""
    if provider in {"local", "scripted"}:
        return Retention(nothing=True, source="it runs on this machine", date="")
    if provider == "openai":  # a server of your own has an address, and terms nobody here knows
        return None if "@" in name else Retention(nothing=False, source="OpenAI, Your data")
    if provider != "bedrock" or _UNSAID.match(base(name)):
        return None
    return Retention(
        nothing=not _KEEPING.match(base(name)), source="Amazon Bedrock user guide, Data retention and Abuse detection"
    )
