"""What references have in common that a prompt can say: the form of dates, the unit of figures, the fields of JSON."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.metrics.code.structure import NotJsonError, leaves, parse

DATES: Mapping[str, re.Pattern[str]] = {
    "YYYY-MM-DD, such as 2024-12-31": re.compile(r"\b\d{4}-\d{2}-\d{2}\b"),
    "DD.MM.YYYY, such as 31.12.2024": re.compile(r"\b(?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.\d{4}\b"),
    "MM/DD/YYYY or DD/MM/YYYY with slashes": re.compile(r"\b\d{1,2}/\d{1,2}/\d{4}\b"),
    "Month day, year, such as December 31, 2024": re.compile(
        r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{1,2}, \d{4}\b"
    ),
}
_DAY_FIRST = re.compile(r"\b(?:1[3-9]|2\d|3[01])/\d{1,2}/\d{4}\b")
_MONTH_FIRST = re.compile(r"\b\d{1,2}/(?:1[3-9]|2\d|3[01])/\d{4}\b")
_FIGURE = re.compile(r"(?<![\w.])[-+]?\d[\d.,]*")
_UNIT_AFTER = re.compile(
    r"[-+]?\d[\d.,]*\s?(%|€|£|[A-Za-z]{1,3}\d?|euros?|dollars?|percent|minutes|hours|days|years|months)(?!\w)"
)
_UNIT_BEFORE = re.compile(r"(\$|€|£|USD|EUR|GBP|CHF)\s?\d")
FEWEST, MOST_OF = 3, 0.8
MOST_VALUES, LONGEST_VALUE = 8, 3


def date_format(references: Sequence[str], answers: Sequence[str]) -> str | None:
    """The form of dates that nearly all references with a date have, where fewer than half of the answers to them have it."""
    dated = [(r, a) for r, a in zip(references, answers, strict=True) if _date_form(r)]
    forms = Counter(_date_form(r) for r, _ in dated)
    if not forms:
        return None
    form, count = forms.most_common(1)[0]
    kept = sum(_date_form(answer) == form for _, answer in dated)
    if form is None or count < max(FEWEST, MOST_OF * len(dated)) or 2 * kept >= len(dated):
        return None
    return f"Write dates as {_exact(form, [r for r, _ in dated])}."


def _date_form(text: str) -> str | None:
    return next((form for form, pattern in DATES.items() if pattern.search(text)), None)


def _exact(form: str, references: Iterable[str]) -> str:
    """Which of day and month comes first where slashes leave it open."""
    if "slashes" not in form:
        return form
    texts = list(references)
    day, month = (sum(bool(p.search(text)) for text in texts) for p in (_DAY_FIRST, _MONTH_FIRST))
    return form if bool(day) == bool(month) else "DD/MM/YYYY" if day else "MM/DD/YYYY"


def unit(references: Sequence[str], answers: Sequence[str]) -> str | None:
    """The unit that nearly all references that are a figure carry, where fewer than half of the answers to them carry it."""
    figures = [(r, a) for r, a in zip(references, answers, strict=True) if _FIGURE.search(r) and len(r.split()) <= LONGEST_VALUE]
    units = Counter(found for r, _ in figures if (found := _unit(r)))
    if not units:
        return None
    (name, before), count = units.most_common(1)[0]
    kept = sum(_unit(answer) == (name, before) for _, answer in figures)
    if count < max(FEWEST, MOST_OF * len(figures)) or 2 * kept >= len(figures):
        return None
    return f"Give figures in {name}, with “{name}” {'before' if before else 'after'} the number."


def _unit(text: str) -> tuple[str, bool] | None:
    if found := _UNIT_BEFORE.search(text):
        return found[1], True
    found = _UNIT_AFTER.search(text)
    return (found[1], False) if found else None


def json_fields(references: Sequence[str], prompt: str) -> str | None:
    """The fields that every JSON reference has, with types and closed sets of values; None where the prompt names all of it."""
    objects = [found for text in references if (found := _object(text)) is not None]
    if len(objects) < FEWEST or len(objects) < MOST_OF * len(references):
        return None
    seen: dict[str, list[Any]] = defaultdict(list)
    for each in objects:
        for path, value in leaves(each):
            seen[".".join("*" if isinstance(step, int) else step for step in path)].append(value)
    always = {name: values for name, values in seen.items() if len(values) >= len(objects)}
    lines = [f"- {name}: {_kind(values)}" for name, values in always.items()]
    wanted = [part for name, values in always.items() for part in (*name.split("."), *_few(values)) if part != "*"]
    if not lines or all(part in prompt for part in wanted):
        return None
    return "The JSON has these fields:\n" + "\n".join(lines)


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = parse(text)
    except NotJsonError:
        return None
    return found if isinstance(found, dict) else None


def _kind(values: Sequence[Any]) -> str:
    few = _few(values)
    if few:
        return "one of " + ", ".join(f'"{value}"' for value in few)
    kinds = {type(value) for value in values} - {type(None)}
    may = " or null" if any(value is None for value in values) else ""
    if kinds == {bool}:
        return f"true or false{may}"
    return ("a number" if kinds and kinds <= {int, float} else "a text" if kinds == {str} else "a value") + may


def _few(values: Sequence[Any]) -> tuple[str, ...]:
    """The texts a field takes, where they are few, short, and each occurs twice or more: a closed set, no sample's own text."""
    counts = Counter(value for value in values if isinstance(value, str))
    closed = counts and counts.total() == len(values) and len(counts) <= MOST_VALUES and min(counts.values()) > 1
    return tuple(sorted(counts)) if closed and all(len(text.split()) <= LONGEST_VALUE for text in counts) else ()
