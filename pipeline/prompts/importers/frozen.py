"""AdvPO's marks for what may change, as Ferry's `<freeze>` spans.

`<advpo:exclude>` keeps a part as it is; where any `<advpo:optimize>` stands, everything outside of it is kept.
Source: Amazon Bedrock Advanced Prompt Optimization, prompt templates, read 2026-11.
"""

import re
from collections.abc import Sequence

from pipeline.errors import InputError

_WRITTEN = re.compile(r"<[ \t]*(/?)[ \t]*(advpo:exclude|advpo:optimize|freeze)[ \t]*>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)(advpo:exclude|advpo:optimize|freeze)>")
_SPAN = re.compile(r"<(advpo:exclude|advpo:optimize|freeze)>(.*?)</\1>", re.DOTALL)


def frozen(texts: Sequence[str]) -> tuple[str, ...]:
    """`texts` with `<freeze>` as the only mark, also where letters or blanks in a mark differ (`<FREEZE>`, `< /freeze>`).

    Raises InputError for a mark without its partner and for marks in marks.
    """
    texts = [_WRITTEN.sub(lambda tag: f"<{tag[1]}{tag[2].lower()}>", text) for text in texts]
    for text in texts:
        _check(text)
    only = any("<advpo:optimize>" in text for text in texts)
    return tuple(_marked(text, only=only) for text in texts)


def _check(text: str) -> None:
    inside: list[str] = []
    for closing, tag in _TAG.findall(text):
        if closing and inside != [tag]:
            raise InputError(f"</{tag}> closes nothing: write <{tag}> where the part begins.")
        if not closing and inside:
            raise InputError(f"<{tag}> stands inside <{inside[0]}>. Close that part before it, and open it again after it.")
        inside = [] if closing else [tag]
    if inside:
        raise InputError(f"The mark <{inside[0]}> is never closed. Add </{inside[0]}> where the part ends.")


def _marked(text: str, *, only: bool) -> str:
    parts, at = [], 0
    for span in _SPAN.finditer(text):
        parts.append(_outside(text[at : span.start()], only=only))
        parts.append(span[2] if span[1] == "advpo:optimize" else f"<freeze>{span[2]}</freeze>")
        at = span.end()
    return "".join([*parts, _outside(text[at:], only=only)])


def _outside(text: str, *, only: bool) -> str:
    return f"<freeze>{text}</freeze>" if only and text.strip() else text
