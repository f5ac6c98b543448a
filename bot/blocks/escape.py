"""Makes texts of people and models harmless in Slack: they can be read, but neither mention anybody nor become a link.

The rule, from the safest place to the least safe:
1. Model and user texts go into `plain_text` objects, `raw_text` cells or rich text `text` elements: `plain(text, limit)`. Slack
   interprets nothing there.
2. A short text inside a `mrkdwn` sentence (a name, a file name) or in a message's top-level `text`: `literal(text, limit)`, and
   `"verbatim": True` on the mrkdwn object where possible.
3. `escape` alone is for Ferry's own sentences; it leaves bare addresses, `@here` and formatting alive.
Source: docs.slack.dev/messaging/formatting-message-text (escaping, automatic parsing, verbatim).
"""

import re
import unicodedata
from typing import Final

ELLIPSIS: Final = "…"
EMPTY: Final = "(empty)"
_JOINER: Final = "\u2060"  # word joiner: no width, no line break, and enough to stop an automatic link or mention
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LOOKALIKES: Final = {"`": "\u02cb", "*": "\u2217", "~": "\u223c"}  # would open code, bold or strike to the end of the line
_BIDI: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # could turn the rest of the message around
_LINKS: Final = re.compile(r"[@#](?=\S)|:(?=[^\s\d])|(?<=\S)\.(?=[^\W\d_])")


def escape(text: str) -> str:
    """The three characters that Slack's mrkdwn reserves, as entities."""
    return "".join(_ENTITIES.get(character, character) for character in text)


def cut(text: str, limit: int) -> str:
    """The text in at most `limit` characters (at least 1), ending in an ellipsis when something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def plain(text: str, limit: int) -> str:
    """A text for places where Slack interprets nothing; never empty, without control and direction characters."""
    return cut(_clean(text), limit) or EMPTY


def literal(text: str, limit: int) -> str:
    """A text for mrkdwn that shows as it is written: no mention, no link, no formatting; at most `limit` characters escaped."""
    broken = _LINKS.sub(lambda found: found.group() + _JOINER, _clean(text))
    parts = [_ENTITIES.get(character) or _LOOKALIKES.get(character, character) for character in broken]
    if sum(map(len, parts)) > limit:
        parts = [*_fitting(parts, limit - 1), ELLIPSIS]
    return "".join(parts) or EMPTY


def _fitting(parts: list[str], limit: int) -> list[str]:
    """The leading parts that fit, so that an entity is never cut in half."""
    length, kept = 0, []
    for part in parts:
        length += len(part)
        if length > limit:
            break
        kept.append(part)
    return kept


def _clean(text: str) -> str:
    kept = (c for c in text if c not in _BIDI and (c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")))
    return "".join(kept).strip()
