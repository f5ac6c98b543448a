"""Finds what Slack would bring to life in a payload: mentions, links, emoji, code. For tests of everything Ferry sends."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

# Control sequences, addresses with or without a scheme, mentions, channels, emoji, and formatting that swallows what follows.
LIVE: Final = re.compile(
    r"<[^<>]*>|[<>]|https?://\w\S*|mailto:\w\S*|@[\w!]+|#\w+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b|:\w+:|`+|\*\w|~\w", re.IGNORECASE
)


def live(payload: object) -> list[str]:
    """Everything live in the interpreted texts of a message or view: `text` at the top, mrkdwn objects and markdown blocks.

    Ferry's own mentions (`<@U...>`), dates (`<!date^...>`) and formatting are found as well; a test subtracts what it expects.
    """
    top = payload.get("text") if isinstance(payload, Mapping) and "type" not in payload else None
    texts = [*([top] if isinstance(top, str) else []), *_interpreted(payload)]
    return [found.group() for text in texts for found in LIVE.finditer(text)]


def _interpreted(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        if value.get("type") in ("mrkdwn", "markdown") and isinstance(value.get("text"), str):
            yield value["text"]
        for each in value.values():
            yield from _interpreted(each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from _interpreted(each)
