"""CSV and its relatives: separator , ; tab or |, quotes with line breaks inside, cells of any allowed size."""

import csv
from collections.abc import Iterator
from threading import Lock
from typing import Any

from pipeline.dataset import text
from pipeline.dataset.formats import header
from pipeline.dataset.port import Format, Limits, Line, Peek
from pipeline.errors import InputError

SEPARATORS = ",;\t|"
SNIFFED_LINES = 50
_cell_size = Lock()


def recognises(peek: Peek) -> bool:
    return bool(peek.encoding)


def lines(peek: Peek, limits: Limits) -> Iterator[Line]:
    with text.opened(peek.path, peek.encoding) as file:
        records = _records(csv.reader(file, delimiter=separator(peek.text), strict=True), limits)
        columns = header.names(next(records, (1, []))[1])
        for number, cells in records:
            place = f"line {number}"
            yield Line(place=place, cells=header.fitted(cells, columns, place))


def separator(start: str) -> str:
    """The separator that cuts the most lines into as many cells as the first one; a comma where none cuts anything."""
    return max(SEPARATORS, key=lambda mark: _agreement(start, mark))


def _agreement(start: str, mark: str) -> tuple[float, int]:
    try:
        # The last line may be cut off by the bound on `start`.
        found = [
            cells
            for cells, _ in zip(csv.reader(start.splitlines(keepends=True), delimiter=mark), range(SNIFFED_LINES), strict=False)
        ]
    except csv.Error:
        return (0.0, 0)
    widths = [len(cells) for cells in found if cells]
    widths = widths[:-1] if len(widths) > 2 else widths
    if not widths or widths[0] < 2:
        return (0.0, 0)
    return (sum(width == widths[0] for width in widths) / len(widths), widths[0])


def _records(reader: Any, limits: Limits) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401  csv's reader type is private
    """(number of its first line, cells) of every line that is not blank."""
    while True:
        number = reader.line_num + 1
        try:
            cells = _next(reader, max(limits.max_cell, limits.max_data_uri))
        except csv.Error as error:
            raise InputError(_sentence(str(error), number, limits)) from None
        if cells is None:
            return
        if any(cells):
            yield number, cells


def _next(reader: Any, max_cell: int) -> list[str] | None:  # noqa: ANN401
    """csv's limit on cells belongs to the whole process: it is raised for one record and put back."""
    with _cell_size:
        before = csv.field_size_limit(max_cell)
        try:
            cells: list[str] | None = next(reader, None)
        finally:
            csv.field_size_limit(before)
    return cells


def _sentence(error: str, number: int, limits: Limits) -> str:
    if "field limit" in error:
        most = max(limits.max_cell, limits.max_data_uri)
        return (
            f"Line {number} holds a cell with more than {most:,} characters, or a double quote that is never closed. "
            "Shorten the text or close the quote."
        )
    if "end of data" in error:
        return f"A double quote is opened on line {number} and never closed. Close it, or write a quote inside a text as two."
    return f"Line {number} has a stray double quote. Write a quote inside a quoted text as two."


FORMAT = Format(
    name="CSV",
    recognises=recognises,
    lines=lines,
    nothing="The file holds only a header line. Add at least one sample below it.",
)
