"""Other tools' ways to mark a variable, mapped to one of Ferry's three; a text is read by one syntax alone.

`{x}` LangChain, Opik, Python - `{{x}}` mustache, Jinja, Bedrock, promptfoo, AdvPO, MLflow - `{$X}` Anthropic's Metaprompt, also
inside tags of its name - `$X` the same without braces (only when declared) - `${x}` JavaScript and shells - `%(x)s` and `%s`
Python's percent formatting. What is not one of Ferry's becomes `{{x}}`.
"""

import re
from collections.abc import Sequence

from pipeline.errors import InputError
from pipeline.prompts.template import NAME, Piece, declaration, detect, write
from pipeline.records import Syntax

POSITIONAL = "input"
"""The name of the one variable a `%s` marks."""

_FOREIGN = {
    "${x}": re.compile(r"\$\{[ \t]*(?P<name>" + NAME + r")[ \t]*\}"),
    "%(x)s": re.compile(r"%\((?P<name>" + NAME + r")\)s|(?P<literal>%%)"),
    "%s": re.compile(r"(?<![\w%])(?P<name>%s)(?!\w)|(?P<literal>%%)"),
    "$X": re.compile(r"(?<![\w$\\{])\$(?P<name>[A-Z][A-Z0-9_]+)\b"),
}
SYNTAXES = (*(s.value for s in Syntax), *_FOREIGN)
DETECTED = ("${x}", "%(x)s", "%s")


def mapped(texts: Sequence[str], declared: str | None = None) -> tuple[tuple[str, ...], Syntax]:
    """`texts` in one of Ferry's syntaxes, and which one.

    `declared` is one of SYNTAXES; without it a first line `syntax: ...` of the last text counts, else the markers found.
    Raises InputError for a syntax that is none of SYNTAXES, and for markers that fit more than one.
    """
    *before, last = texts
    last, own = declaration(last)
    texts = (*before, last)
    if declared is None and own is None:
        return _by_markers(texts)
    name = declared or (own.value if own else "")
    if name in _FOREIGN:
        return _rewritten(texts, name), Syntax.DOUBLE
    syntax = next((s for s in Syntax if s.value == name), None)
    if syntax is None:
        raise InputError(f"There is no variable syntax {name}. Ferry reads {', '.join(SYNTAXES)}.")
    return tuple(texts), syntax


def _by_markers(texts: Sequence[str]) -> tuple[tuple[str, ...], Syntax]:
    whole = "\n".join(texts)
    without = _FOREIGN["${x}"].sub("", whole)
    own = [s for s in Syntax if _marks(without, s)]
    foreign = [name for name in DETECTED if any(m["name"] for m in _FOREIGN[name].finditer(whole))]
    if own or not foreign:
        if own and "${x}" in foreign:
            raise InputError(
                f"The prompt has markers of two syntaxes: {own[0].value} and ${{x}}. Say which one counts with --syntax."
            )
        return tuple(texts), detect(whole)
    if len(foreign) > 1:
        raise InputError(f"The prompt has markers of two syntaxes: {' and '.join(foreign)}. Say which one counts with --syntax.")
    return _rewritten(texts, foreign[0]), Syntax.DOUBLE


def _marks(text: str, syntax: Syntax) -> bool:
    from pipeline.prompts.template import pieces

    if syntax is Syntax.SINGLE:
        return re.search(r"(?<!\{)\{" + NAME + r"\}(?!\})", text) is not None
    return any(piece.variable for piece in pieces(text, syntax))


def _rewritten(texts: Sequence[str], name: str) -> tuple[str, ...]:
    if name == "%s" and sum(len([m for m in _FOREIGN[name].finditer(text) if m["name"]]) for text in texts) > 1:
        raise InputError("The prompt has several %s, which have no names. Write each as {name} of the column that fills it.")
    return tuple(write(_parts(text, _FOREIGN[name]), Syntax.DOUBLE) for text in texts)


def _parts(text: str, marker: re.Pattern[str]) -> list[Piece]:
    parts, at = [], 0
    for found in marker.finditer(text):
        parts.append(Piece(text[at : found.start()]))
        name = found["name"]
        parts.append(Piece(POSITIONAL if name == "%s" else name, variable=True) if name else Piece("%"))
        at = found.end()
    return [*parts, Piece(text[at:])]
