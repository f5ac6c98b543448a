"""Small checks that the shapes of Block Kit are made of.

A check takes a value and the JSON pointer to it and yields the problems found; `shape` and its kin build checks from checks, so
that `elements.py` and `shapes.py` read like Slack's reference pages. Checks are total: any JSON value is judged, none raises.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Problem:
    """What Slack would refuse: `pointer` is a JSON pointer into the payload (`/blocks/0/text/text`), `message` says why."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


Check: TypeAlias = Callable[[object, str], Iterator[Problem]]


def objects(value: object) -> list[Mapping[str, object]]:
    """The objects in a list; nothing when it is no list (its shape is judged elsewhere)."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [each for each in value if isinstance(each, Mapping)]


def string(high: int | None = None, low: int = 0) -> Check:
    """A string of `low` to `high` characters."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem(at, "must be a string")
        elif len(value) < low or (low and not value.strip()):
            yield Problem(at, f"must be more than {low - 1} characters")
        elif high is not None and len(value) > high:
            yield Problem(at, f"must be less than {high + 1} characters")

    return check


def integer(low: int, high: int) -> Check:
    """A whole number from `low` to `high`."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            yield Problem(at, f"must be a whole number from {low} to {high}")

    return check


def number(value: object, at: str) -> Iterator[Problem]:
    """Any finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        yield Problem(at, "must be a number")


def boolean(value: object, at: str) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield Problem(at, "must be a boolean")


def anything(value: object, at: str) -> Iterator[Problem]:
    """Checked elsewhere."""
    yield from ()


def choice(*values: str) -> Check:
    """One of these strings."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if value not in values:
            yield Problem(at, f"must be one of {', '.join(values)}")

    return check


def array(item: Check, low: int = 0, high: int | None = None) -> Check:
    """A list of `low` to `high` items."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, Sequence) or isinstance(value, str):
            yield Problem(at, "must be an array")
            return
        if len(value) < low:
            yield Problem(at, f"no fewer than {low} items allowed")
        if high is not None and len(value) > high:
            yield Problem(at, f"no more than {high} items allowed [{len(value)} given]")
        for index, each in enumerate(value):
            yield from item(each, f"{at}/{index}")

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check], *also: Check) -> Check:
    """An object with exactly these properties; `type` is already known where a shape is looked up."""
    known = {"type": anything, **required, **optional}

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(at, "must be an object")
            return
        for name in required.keys() - value.keys():
            yield Problem(at, f"missing required field: {name}")
        for name, each in value.items():
            if name not in known:
                yield Problem(at, f"invalid additional property: {name}")
            else:
                yield from known[name](each, f"{at}/{name}")
        for rule in also:
            yield from rule(value, at)

    return check


def by_type(shapes: Mapping[str, Check], what: str) -> Check:
    """An object whose `type` picks its shape; another type has no place here."""

    def check(value: object, at: str) -> Iterator[Problem]:
        kind = value.get("type") if isinstance(value, Mapping) else None
        if kind is None:
            yield Problem(at, "missing required field: type")
        elif not isinstance(kind, str) or kind not in shapes:
            yield Problem(f"{at}/type", f"unsupported type: {kind} is no {what}")
        else:
            yield from shapes[kind](value, at)

    return check


def one_of(*names: str, several: bool = False) -> Check:
    """At least one of these properties, and only one unless `several`."""

    def check(value: object, at: str) -> Iterator[Problem]:
        given = [name for name in names if isinstance(value, Mapping) and name in value]
        if not given:
            yield Problem(at, f"one of {', '.join(names)} is required")
        elif len(given) > 1 and not several:
            yield Problem(at, f"only one of {', '.join(names)} is allowed")

    return check
