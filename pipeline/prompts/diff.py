"""What changed between two prompt versions, by section: a short text for a card, side-by-side lines for a page."""

import json
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipeline.hashing import plain
from pipeline.records import PromptVersion, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line on both sides; None where a side has no such line. `kind`: same, changed, added, removed."""

    kind: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A section that changed (a text, parameters, examples, steps) with a sentence and its lines; none is left out."""

    section: str
    summary: str
    lines: tuple[Line, ...]


def changes(before: PromptVersion, after: PromptVersion) -> tuple[Change, ...]:
    """The sections in which `after` differs from `before`, in reading order; empty when the versions are equal."""
    found = (
        _text("system", before.system, after.system),
        _text("turns", _told(before), _told(after)),
        _text("user", before.user, after.user),
        _parameters(before, after),
        _examples(before, after),
        _steps("input steps", before.prepare, after.prepare),
        _steps("answer steps", before.finish, after.finish),
    )
    return tuple(change for change in found if change)


def side_by_side(before: str, after: str) -> tuple[Line, ...]:
    """Every line of both texts, aligned."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[Line] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left, right = old[a:b], new[c:d]
        for index in range(max(len(left), len(right))):
            one, other = (side[index] if index < len(side) else None for side in (left, right))
            kind = "same" if tag == "equal" else "added" if one is None else "removed" if other is None else "changed"
            lines.append(Line(kind=kind, before=one, after=other))
    return tuple(lines)


def _text(section: str, before: str, after: str) -> Change | None:
    if before == after:
        return None
    lines = side_by_side(before, after)
    added = sum(line.after is not None for line in lines if line.kind != "same")
    removed = sum(line.before is not None for line in lines if line.kind != "same")
    if not before:
        summary = f"A {section} text of {_count(added, 'line')} was added."
    elif not after:
        summary = f"The {section} text of {_count(removed, 'line')} was removed."
    elif added or removed:
        summary = f"{_count(added, 'line')} new and {removed} gone in the {section} text."
    else:
        summary = f"The {section} text changed in white space only."
    return Change(section=section, summary=summary, lines=lines)


def _told(prompt: PromptVersion) -> str:
    return "\n".join(f"{turn.role}: {turn.text}" for turn in prompt.turns)


def _parameters(before: PromptVersion, after: PromptVersion) -> Change | None:
    old, new = plain(before.parameters), plain(after.parameters)
    old["syntax"], new["syntax"] = before.syntax.value, after.syntax.value
    changed = [name for name in old if old[name] != new[name]]
    if not changed:
        return None
    lines = tuple(
        Line(kind="changed", before=f"{name}: {_value(old[name])}", after=f"{name}: {_value(new[name])}") for name in changed
    )
    summary = "; ".join(f"{name} {_value(old[name])} → {_value(new[name])}" for name in changed)
    return Change(section="parameters", summary=f"{summary}.", lines=lines)


def _examples(before: PromptVersion, after: PromptVersion) -> Change | None:
    if before.shots == after.shots:
        return None
    lines = side_by_side("\n".join(before.shots), "\n".join(after.shots))
    summary = f"{_count(len(after.shots), 'dev sample')} shown as solved examples (before: {len(before.shots)})."
    return Change(section="examples", summary=summary, lines=lines)


def _steps(section: str, before: tuple[Step, ...], after: tuple[Step, ...]) -> Change | None:
    if before == after:
        return None
    lines = side_by_side(*("\n".join(step_text(step) for step in steps) for steps in (before, after)))
    names = [", ".join(step.name for step in steps) or "none" for steps in (before, after)]
    summary = f"{section.capitalize()} {names[0]} → {names[1]}: the application must do the same."
    return Change(section=section, summary=summary, lines=lines)


def step_text(step: Step) -> str:
    """A step with what it works with, on one line."""
    return f"{step.name}: {', '.join(step.values)}" if step.values else step.name


def _value(value: object) -> str:
    return "default" if value is None else "none" if value == [] else json.dumps(value, ensure_ascii=False)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
