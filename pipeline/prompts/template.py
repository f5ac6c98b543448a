"""Prompt templates: which variables a text marks, in a declared syntax, and the request a sample turns it into.

Variables are names (letters, digits, `_`, not starting with a digit). What each syntax takes literally:

`{x}`     A text that Python's `str.format` would accept is read the way `str.format` reads it: `{{` and `}}` are braces.
          Any other text (one with plain JSON in it, say) keeps its braces as they are; only `{name}` is a variable, and
          `{{name}}` is the text `{name}`.
`{{x}}`   Spaces inside are allowed. `\\{{x}}` is the text `{{x}}`, `\\\\{{x}}` a backslash and the value (as in Handlebars).
`{$X}`    `\\{$X}` is the text `{$X}`, `\\\\{$X}` a backslash and the value.

Rendering puts every value in once and never reads a value again. `<freeze>` and `</freeze>` mark spans no method may change;
they are marks for Ferry and are not sent. `<Freeze>` and `< /freeze >` are read as these and never kept.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pipeline.errors import InputError
from pipeline.prompts.steps.prepare import prepared
from pipeline.prompts.tools import offered
from pipeline.records import Attachment, PromptVersion, Request, Sample, Syntax, Turn

NAME = r"[^\W\d]\w*"
MARK_IT = "Mark the place of the question, for example {question}, {{question}} or {$QUESTION}."
FREEZE_TAGS = re.compile(r"</?freeze>")
ANY_FREEZE_TAG = re.compile(r"<[ \t]*(/?)[ \t]*freeze[ \t]*>", re.IGNORECASE)
"""Also as a person may write it; `same_marks` makes it one of FREEZE_TAGS."""

_STRICT_SINGLE = re.compile(r"\{\{|\}\}|\{(" + NAME + r")\}|[^{}]+")
_LOOSE_SINGLE = re.compile(r"(\{+)(" + NAME + r")(\}+)")
_BACKSLASHED = {
    Syntax.DOUBLE: re.compile(r"(\\*)(\{\{[ \t]*(" + NAME + r")[ \t]*\}\})"),
    Syntax.DOLLAR: re.compile(r"(\\*)(\{\$(" + NAME + r")\})"),
}
_DECLARATION = re.compile(r"\A\s*syntax:[ \t]*(\{x\}|\{\{x\}\}|\{\$X\})[ \t]*(?:\r?\n|\Z)", re.IGNORECASE)
_OTHER_TAG = re.compile(
    r"\{\{(?![ \t]*" + NAME + r"[ \t]*\}\})[-~]?\s*(?:[#/^>&!][^{}]*"
    r"|" + NAME + r"\s*(?:(?:[-.|\[(~=<>+*/%]|\b(?:if|or|and|is|in)\b)[^{}]*)?)\}\}"
    r"|\{%[^{}]*%\}|\{\{\{[ \t]*" + NAME + r"[ \t]*\}\}\}"
)
_SHELL_MARKER = re.compile(r"\$\{" + NAME + r"\}")
_PERCENT_MARKER = re.compile(r"%\((" + NAME + r")\)s|%s")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a template: literal text, or the name of a variable."""

    text: str
    variable: bool = False


@lru_cache(maxsize=512)
def pieces(text: str, syntax: Syntax) -> tuple[Piece, ...]:
    """`text` as literals and variables in order; escapes are resolved, no two literals follow one another."""
    if syntax is Syntax.SINGLE:
        return _merged(_strict_single(text) or _loose_single(text))
    return _merged(_backslashed(text, _BACKSLASHED[syntax]))


def write(parts: Iterable[Piece], syntax: Syntax, *, like: str = "") -> str:
    """The template text of `parts` in `syntax`, so that `pieces` reads the same parts back.

    `like` is a template whose way of writing literal braces (doubled or plain) is kept where `{x}` allows both.
    """
    merged = _merged(parts)
    if syntax is not Syntax.SINGLE:
        return _write_backslashed(merged, syntax)
    plain = "".join(marker(p.text, syntax) if p.variable else _LOOSE_SINGLE.sub(_double_run, p.text) for p in merged)
    doubles = "{{" in like and _strict_single(like) is not None
    if not doubles and pieces(plain, syntax) == merged:
        return plain
    return "".join(marker(p.text, syntax) if p.variable else p.text.replace("{", "{{").replace("}", "}}") for p in merged)


def convert(text: str, source: Syntax, target: Syntax) -> str:
    """`text` written in another syntax: same literals, same variables."""
    return text if source is target else write(pieces(text, source), target)


def variables(prompt: PromptVersion) -> tuple[str, ...]:
    """Every variable of the texts, sorted, as often as it is marked."""
    return tuple(sorted(p.text for text in prompt.texts for p in pieces(text, prompt.syntax) if p.variable))


def render(prompt: PromptVersion, sample: Sample) -> Request:
    """The request for one sample.

    A variable takes the column of its name, else the one that differs only in case; an image or a PDF becomes a part of its
    message at that place. Raises InputError naming the variable the sample lacks and the columns it has, for an image or a PDF
    outside of a user message, for an input step that is unknown, and for tools of a sample that cannot be read.
    """
    values = prepared(prompt.prepare, sample.variables)
    files = {each.variable: each for each in sample.attachments}
    values = {**values, **{name: each.placeholder for name, each in files.items()}}
    roles = ("system", *(turn.role for turn in prompt.turns), "user")
    if files:
        _refuse_places(prompt, roles, files)
    system, *filled = (fill(text, prompt.syntax, values) for text in prompt.texts)
    parts = [_parts(text, prompt.syntax, values, files) if files else () for text in prompt.texts[1:]]
    turns = tuple(Turn(role=role, text=text, parts=part) for role, text, part in zip(roles[1:], filled, parts, strict=True))
    tools = offered(prompt.tools, sample)
    choice = prompt.tools.choice if prompt.tools and tools else ""
    return Request(sample_id=sample.id, system=system, turns=turns, parameters=prompt.parameters, tools=tools, tool_choice=choice)


def fill(text: str, syntax: Syntax, values: Mapping[str, str]) -> str:
    """`text` with each variable replaced once by its value; raises InputError for a variable `values` does not have."""
    return "".join([_value(p.text, values) if p.variable else p.text for p in _sent(text, syntax)])


@lru_cache(maxsize=512)
def _sent(text: str, syntax: Syntax) -> tuple[Piece, ...]:
    """The pieces without the marks that are not sent."""
    return tuple(p if p.variable else Piece(FREEZE_TAGS.sub("", p.text)) for p in pieces(text, syntax))


def placed(prompt: PromptVersion, names: Iterable[str]) -> dict[str, set[str]]:
    """The roles of the messages (`system` among them) that mark each of `names`; names that no text marks are left out."""
    roles = ("system", *(turn.role for turn in prompt.turns), "user")
    known = {name: set[str]() for name in names}
    for role, text in zip(roles, prompt.texts, strict=True):
        for name in (p.text for p in pieces(text, prompt.syntax) if p.variable):
            found = _key(name, known)
            if found:
                known[found].add(role)
    return {name: found for name, found in known.items() if found}


def _refuse_places(prompt: PromptVersion, roles: tuple[str, ...], files: Mapping[str, Attachment]) -> None:
    """Providers take images and PDFs in messages of the user only."""
    if set(roles) == {"system", "user"} and not prompt.system:
        return
    for name, where in placed(prompt, files).items():
        if wrong := sorted(where - {"user"}):
            raise InputError(misplaced(name, files[name].kind, wrong))


def misplaced(name: str, kind: str, roles: Iterable[str]) -> str:
    """The sentence about an image or a PDF in the text of `roles`, which are not the user's."""
    what = "a PDF" if kind == "pdf" else "an image"
    return (
        f'The prompt puts "{name}", {what}, into the {" and the ".join(roles)} text; models take those in user messages only. '
        "Move the variable there."
    )


def _parts(text: str, syntax: Syntax, values: Mapping[str, str], files: Mapping[str, Attachment]) -> tuple[str | Attachment, ...]:
    """`text` filled in, cut at its images and PDFs; nothing where it has none."""
    found: list[str | Attachment] = []
    for piece in _sent(text, syntax):
        file = files.get(_key(piece.text, values) or "") if piece.variable else None
        said = file or (_value(piece.text, values) if piece.variable else piece.text)
        if isinstance(said, str) and found and isinstance(found[-1], str):
            found[-1] += said
        else:
            found.append(said)
    return tuple(found) if any(isinstance(part, Attachment) for part in found) else ()


def parse_prompt(text: str, system: str = "", syntax: Syntax | None = None) -> PromptVersion:
    """A prompt version of `text` with its syntax declared: by `syntax`, by a first line `syntax: {{x}}`, else by its markers.

    Raises InputError when the markers are ambiguous, of a syntax Ferry does not know, or missing.
    """
    text, declared = declaration(same_marks(text))
    system = same_marks(system)
    syntax = declared or syntax
    found = syntax or detect(f"{system}\n{text}")
    prompt = PromptVersion(user=text, system=system, syntax=found)
    if syntax is None:
        _refuse_other_markers(prompt)
    refuse_unmarked(prompt)
    return prompt


def same_marks(text: str) -> str:
    """`text` with every mark of a frozen span as `<freeze>` or `</freeze>`."""
    return ANY_FREEZE_TAG.sub(r"<\1freeze>", text)


def unmarked(prompt: PromptVersion) -> str | None:
    """A sentence where every sample would get the same text; None where a variable or the tools of samples tell them apart."""
    if variables(prompt) or (prompt.tools and prompt.tools.variable):
        return None
    return f"The prompt marks no variable in the {prompt.syntax.value} syntax, so every sample would get the same text."


def refuse_unmarked(prompt: PromptVersion) -> None:
    """Raises InputError with the way out where every sample would get the same text."""
    if said := unmarked(prompt):
        raise InputError(f"{said} {MARK_IT}")


def declaration(text: str) -> tuple[str, Syntax | None]:
    """`text` without a first line such as `syntax: {{x}}`, and the syntax that line declares; None without such a line."""
    declared = _DECLARATION.match(text)
    if declared is None:
        return text, None
    return text[declared.end() :], next(s for s in Syntax if s.value.lower() == declared[1].lower())


def file_text(prompt: PromptVersion) -> str:
    """The user text as `parse_prompt` reads it back, with a first line that declares the syntax where the markers do not tell."""
    try:
        told = parse_prompt(prompt.user, prompt.system).syntax is prompt.syntax
    except InputError:
        told = False
    return prompt.user if told and not _DECLARATION.match(prompt.user) else f"syntax: {prompt.syntax.value}\n{prompt.user}"


def _merged(parts: Iterable[Piece]) -> tuple[Piece, ...]:
    merged: list[Piece] = []
    for part in parts:
        if part.variable or not merged or merged[-1].variable:
            merged.append(part)
        else:
            merged[-1] = Piece(merged[-1].text + part.text)
    return tuple(p for p in merged if p.variable or p.text)


def _strict_single(text: str) -> list[Piece] | None:
    parts: list[Piece] = []
    at = 0
    while at < len(text):
        token = _STRICT_SINGLE.match(text, at)
        if token is None:
            return None
        at = token.end()
        parts.append(Piece(token[1], variable=True) if token[1] else Piece(token[0][0] if token[0] in {"{{", "}}"} else token[0]))
    return parts


def _loose_single(text: str) -> list[Piece]:
    parts: list[Piece] = []
    at = 0
    for run in _LOOSE_SINGLE.finditer(text):
        balanced = min(len(run[1]), len(run[3]))
        doubled = balanced // 2
        before, after = len(run[1]) - balanced + doubled, len(run[3]) - balanced + doubled
        parts += [Piece(text[at : run.start()] + "{" * before), Piece(run[2], variable=balanced % 2 == 1), Piece("}" * after)]
        at = run.end()
    return [*parts, Piece(text[at:])]


def _backslashed(text: str, marker: re.Pattern[str]) -> list[Piece]:
    parts: list[Piece] = []
    at = 0
    for run in marker.finditer(text):
        literal, escaped = divmod(len(run[1]), 2)
        parts.append(Piece(text[at : run.start()] + "\\" * literal))
        parts.append(Piece(run[2]) if escaped else Piece(run[3], variable=True))
        at = run.end()
    return [*parts, Piece(text[at:])]


def _write_backslashed(parts: tuple[Piece, ...], syntax: Syntax) -> str:
    texts: list[str] = []
    for index, part in enumerate(parts):
        if part.variable:
            texts.append(marker(part.text, syntax))
            continue
        text = _BACKSLASHED[syntax].sub(lambda run: "\\" * (2 * len(run[1]) + 1) + run[2], part.text)
        tail = len(text) - len(text.rstrip("\\")) if index + 1 < len(parts) else 0
        texts.append(text + "\\" * tail)
    return "".join(texts)


def _double_run(run: re.Match[str]) -> str:
    balanced = min(len(run[1]), len(run[3]))
    return run[1] + "{" * balanced + run[2] + "}" * balanced + run[3]


def marker(name: str, syntax: Syntax) -> str:
    """How `syntax` marks the variable `name`."""
    opening, closing = {Syntax.SINGLE: ("{", "}"), Syntax.DOUBLE: ("{{", "}}"), Syntax.DOLLAR: ("{$", "}")}[syntax]
    return opening + name + closing


def _key(name: str, values: Iterable[str]) -> str | None:
    """The name of `values` that `name` means: itself, else the only one that differs in case alone."""
    if name in (known := tuple(values)):
        return name
    alike = [key for key in known if key.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None


def _value(name: str, values: Mapping[str, str]) -> str:
    key = name if name in values else _key(name, values)
    if key is not None:
        return values[key]
    has = ", ".join(sorted(values)) or "no columns"
    raise InputError(
        f'The prompt asks for the variable "{name}", but the dataset has: {has}. '
        "Rename the variable in the prompt or the column in the file so that they agree."
    )


def detect(text: str) -> Syntax:
    """The syntax of the markers in `text`, `{x}` where there are none. Raises InputError where they are of several syntaxes."""
    found = [s for s in Syntax if _has(text, s)]
    if len(found) <= 1:
        return found[0] if found else Syntax.SINGLE
    kinds = " and ".join(s.value for s in found)
    raise InputError(
        f"The prompt has markers that could be variables in more than one syntax: {kinds}. Say which one counts: put a first "
        'line such as "syntax: {{x}}" above the prompt (or {x}, or {$X}); the others then stay as plain text.'
    )


def _has(text: str, syntax: Syntax) -> bool:
    if syntax is Syntax.SINGLE:
        return re.search(r"(?<!\{)\{" + NAME + r"\}", text) is not None
    return any(len(run[1]) % 2 == 0 for run in _BACKSLASHED[syntax].finditer(text))


def other_tag(prompt: PromptVersion) -> re.Match[str] | None:
    """A tag of a template language (`{{x | upper}}`, `{% if %}`), whose variable would be lost."""
    return _OTHER_TAG.search("\n".join(prompt.texts)) if prompt.syntax is Syntax.DOUBLE or not variables(prompt) else None


def refuse_other_tags(prompt: PromptVersion, where: str = "The prompt") -> None:
    """Raises InputError naming such a tag."""
    _refuse(other_tag(prompt), where)


def _refuse_other_markers(prompt: PromptVersion) -> None:
    text = f"{prompt.system}\n{prompt.user}"
    _refuse(_SHELL_MARKER.search(text) if prompt.syntax is Syntax.SINGLE else None)
    refuse_other_tags(prompt)
    _refuse(None if variables(prompt) else _PERCENT_MARKER.search(text))


def _refuse(other: re.Match[str] | None, where: str = "The prompt") -> None:
    if other:
        raise InputError(
            f"{where} uses {other[0][:40]}, which Ferry does not fill in: it knows {{x}}, {{{{x}}}} and {{$X}} with a plain "
            "name. Write that place as one of these, and give loops and conditions as finished text in a column. Where it is "
            "meant as plain text, declare the syntax: {x}, {{x}} or {$X}."
        )
