"""What may happen to a sample's values before they are put into a prompt; no word of a person is lost."""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.records import Step


@dataclass(frozen=True, slots=True)
class Prepare:
    """`change` is idempotent; `told` says for people what it does to an input."""

    told: str
    change: Callable[[str], str]


_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n{3,}")
_HIDDEN = frozenset({"Cc", "Cf"})
_KEPT = "\n\t\u200d"  # line, tab, and what joins emoji
_BREAK = re.compile(r"</(?:p|div|li|tr|h[1-6])\s*>|<br\s*/?>", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:p|div|li|ul|ol|tr|td|th|table|tbody|h[1-6]|br|span|a|b|i|u|em|strong|font|img|html|body|head)\b[^<>]*>", re.IGNORECASE
)


def _blanks(text: str) -> str:
    lines = "\n".join(_SPACES.sub(" ", line).strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return _LINES.sub("\n\n", lines).strip()


def _characters(text: str) -> str:
    shown = (c for c in unicodedata.normalize("NFC", text) if c in _KEPT or unicodedata.category(c) not in _HIDDEN)
    return unicodedata.normalize("NFC", "".join(shown))


def _markup(text: str) -> str:
    """HTML tags out, entities as their characters; again until nothing changes, since an entity may hide a tag."""
    for _ in range(len(text) + 1):
        plain = html.unescape(_TAG.sub("", _BREAK.sub("\n", _UNSEEN.sub("", text))))
        if plain == text:
            break
        text = plain
    return text


PREPARE: Mapping[str, Prepare] = {
    "blanks": Prepare("runs of blanks and empty lines become one", _blanks),
    "characters": Prepare("control and invisible characters are left out", _characters),
    "markup": Prepare("HTML tags are left out and entities become their characters", _markup),
}


def prepared(steps: tuple[Step, ...], values: Mapping[str, str]) -> Mapping[str, str]:
    """`values` after every step in order. Raises InputError for a step that is unknown."""
    for step in steps:
        if step.name not in PREPARE:
            raise InputError(f'The prompt asks for the input step "{step.name}"; Ferry knows: {", ".join(PREPARE)}.')
        values = {name: PREPARE[step.name].change(value) for name, value in values.items()}
    return values
