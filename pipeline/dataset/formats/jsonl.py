"""JSON Lines: one object a line."""

import json
from collections.abc import Iterator
from decimal import Decimal

from pipeline.dataset import text
from pipeline.dataset.formats import values
from pipeline.dataset.port import Format, Limits, Line, Peek
from pipeline.errors import InputError

# A first line that ends with one of these goes on below: it is the start of one big object.
UNFINISHED = tuple("{[,:")


def recognises(peek: Peek) -> bool:
    """An object on the first line and something on the next that does not continue it."""
    start = peek.text.lstrip()
    if start.startswith("{") and "\n" not in start and len(peek.start) >= text.HEAD_BYTES:
        return _first_is_whole(peek)  # a first line longer than what was looked at: one with an image in it
    first, _, rest = start.partition("\n")
    first, rest = first.strip(), rest.lstrip()
    if not first.startswith("{") or not rest:
        return False
    return _is_object(first) or (rest.startswith("{") and not first.endswith(UNFINISHED))


def lines(peek: Peek, limits: Limits) -> Iterator[Line]:
    with text.opened(peek.path, peek.encoding) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                place = f"line {number}"
                yield Line(place=place, cells=values.cells(_parsed(line, place), place))


def _parsed(line: str, place: str) -> object:
    try:
        return json.loads(line, parse_float=Decimal, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{place.capitalize()} is not valid JSON (at character {error.colno}). Write one complete object per line."
        ) from None
    except RecursionError:
        raise values.too_deep(place) from None


def _first_is_whole(peek: Peek) -> bool:
    """Whether the first line is an object by itself, with another line behind it."""
    with text.opened(peek.path, peek.encoding) as file:
        filled = (line for line in file if line.strip())
        return _is_object(next(filled, "")) and bool(next(filled, ""))


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (json.JSONDecodeError, RecursionError):
        return False


FORMAT = Format(name="JSONL", recognises=recognises, lines=lines, nothing="The file holds no samples. Add one object per line.")
