"""Reads what a writer model replies: the blocks it was asked for, each once, with every variable and frozen span there."""

import re
from collections import Counter
from dataclasses import dataclass, replace

from pipeline.prompts.contract import answer_cue
from pipeline.prompts.template import pieces
from pipeline.records import PromptVersion, Syntax

SYSTEM, USER, CHANGES = "new_system", "new_user", "changes"
MOST_CHANGES = 12
_FROZEN = re.compile(r"<freeze>.*?</freeze>", re.DOTALL)


class UnusableReplyError(ValueError):
    """Why a reply cannot be used, as a sentence; says nothing of its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the writer wrote, variables as `{{x}}`; `changes` says what it changed and why, a line each."""

    system: str
    user: str
    changes: tuple[str, ...]


def read(reply: str, shown: PromptVersion, *, with_cue: bool = False) -> Written:
    """The prompt in `reply` to a writer who was shown `shown` (in the syntax `{{x}}`).

    `with_cue`: a cue at the end of `shown` must be one in the new text too.
    Raises UnusableReplyError for a block that is missing, doubled or out of place, for text outside the blocks, and for a lost
    variable or a changed frozen span: those a writer can repair when told.
    """
    found = {name: _block(reply, name) for name in (SYSTEM, USER, CHANGES)}
    if any(text.strip() for text in _outside(reply)):
        raise UnusableReplyError("There is text outside the blocks.")
    system, user = (_trimmed(found[name]) for name in (SYSTEM, USER))
    if not user.strip():
        raise UnusableReplyError(f"The block <{USER}> is empty.")
    _check_variables(shown, system, user)
    before, after = (Counter(_FROZEN.findall(text)) for text in (f"{shown.system}\n{shown.user}", f"{system}\n{user}"))
    if before != after:
        raise UnusableReplyError("A part between <freeze> and </freeze> was changed, moved out of its marks or lost.")
    if with_cue and answer_cue(shown) and not answer_cue(replace(shown, user=user)):
        raise UnusableReplyError(f"The last line of the user text must be {answer_cue(shown)}")
    return Written(system=system, user=user, changes=_changes(found[CHANGES]))


def _block(reply: str, name: str) -> str:
    opened, closed = reply.count(f"<{name}>"), reply.count(f"</{name}>")
    if (opened, closed) != (1, 1):
        raise UnusableReplyError(
            f"The block <{name}>...</{name}> must be there once; it is opened {opened} and closed {closed} times."
        )
    start, end = reply.index(f"<{name}>") + len(name) + 2, reply.index(f"</{name}>")
    if end < start:
        raise UnusableReplyError(f"The block <{name}> is closed before it is opened.")
    return reply[start:end]


def _outside(reply: str) -> list[str]:
    return re.split(rf"<({SYSTEM}|{USER}|{CHANGES})>.*?</\1>", reply, flags=re.DOTALL)[::2]


def _trimmed(text: str) -> str:
    """Without the line breaks after the opening and before the closing tag; other white space at the ends is the prompt's."""
    return text.removeprefix("\r").removeprefix("\n").removesuffix("\n").removesuffix("\r")


def _check_variables(shown: PromptVersion, system: str, user: str) -> None:
    before, after = (_variables(*texts) for texts in ((shown.system, shown.user), (system, user)))
    if lost := before - after:
        raise UnusableReplyError(f"These variables are missing: {', '.join(f'{{{{{name}}}}}' for name in sorted(lost))}.")
    if added := after - before:
        raise UnusableReplyError(
            f"These variables stand there too often: {', '.join(f'{{{{{name}}}}}' for name in sorted(added))}."
        )


def _variables(*texts: str) -> Counter[str]:
    return Counter(p.text for text in texts for p in pieces(text, Syntax.DOUBLE) if p.variable)


def _changes(text: str) -> tuple[str, ...]:
    lines = (line.strip().lstrip("-*• ").strip() for line in text.splitlines())
    return tuple(line if line.endswith((".", "!", "?")) else f"{line}." for line in lines if line)[:MOST_CHANGES]
