"""JSON: an array of objects, an object with one such array in it, or one object; read as a stream."""

import re
from collections.abc import Iterator
from typing import Any, TextIO

from pipeline.dataset import text
from pipeline.dataset.formats import values
from pipeline.dataset.port import Format, Limits, Line, Peek
from pipeline.errors import InputError

ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""A backslash with what it escapes; the group is a half character that has no other half."""
LONGEST, BLOCK = 12, 64 * 1024
DEPTH = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}


class Utf8:
    """A text file as the UTF-8 bytes that ijson wants, whatever encoding it is stored in."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        # ijson reads nothing to learn whether it gets bytes.
        return self._file.read(size).encode("utf-8", "surrogatepass") if size else b""


def recognises(peek: Peek) -> bool:
    return peek.text.lstrip().startswith(("[", "{"))


def lines(peek: Peek, limits: Limits) -> Iterator[Line]:
    import ijson

    prefix, parser = _prefix(peek), _parser(peek)
    number = 0
    with text.opened(peek.path, peek.encoding) as file:
        try:
            for number, value in enumerate(parser.items(Utf8(file), prefix), 1):
                place = f"object {number}"
                yield Line(place=place, cells=values.cells(value, place))
        except ijson.JSONError:
            raise _invalid(number) from None


def _prefix(peek: Peek) -> str:
    """What ijson calls the samples: items of the array, items of the one array of objects in the object, or the object itself."""
    if peek.text.lstrip().startswith("["):
        return "item"
    found = tuple(_arrays(peek))
    if len(found) > 1:
        raise InputError(f"The object holds several arrays ({', '.join(found[:5])}). Upload only the one with the samples.")
    return f"{found[0]}.item" if found else ""


def _arrays(peek: Peek) -> Iterator[str]:
    """Names of the arrays of objects at the top of the object."""
    import ijson

    depth, name, before, parser = 0, "", "", _parser(peek)
    with text.opened(peek.path, peek.encoding) as file:
        try:
            for event, value in parser.basic_parse(Utf8(file)):
                if event == "map_key" and depth == 1:
                    name = value
                elif event == "start_map" and depth == 2 and before == "start_array":
                    yield name
                depth += DEPTH.get(event, 0)
                before = event
        except ijson.JSONError:
            raise _invalid(0) from None


def _parser(peek: Peek) -> Any:  # noqa: ANN401  a module
    """ijson; its slow parser where the file escapes half a character, which the fast one reads as "?" or another character."""
    import ijson

    with text.opened(peek.path, peek.encoding) as file:
        return ijson.get_backend("python") if _has_half(file) else ijson


def _has_half(file: TextIO) -> bool:
    rest = ""
    while True:
        block = file.read(BLOCK)
        part = rest + block
        end, done = len(part) - LONGEST if block else len(part), 0
        for escape in ESCAPE.finditer(part):
            if escape.start() >= end:
                break
            if escape[1]:
                return True
            done = escape.end()
        if not block:
            return False
        rest = part[max(done, end) :]


def _invalid(number: int) -> InputError:
    where = f"after object {number}" if number else "before its first sample is complete"
    return InputError(f"The file stops being valid JSON {where}. Repair it there, or export the samples again.")


FORMAT = Format(
    name="JSON", recognises=recognises, lines=lines, nothing="The array holds no samples. Add at least one object to it."
)
