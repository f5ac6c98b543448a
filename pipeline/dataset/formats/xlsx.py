"""Excel workbooks: the first sheet with something in it, formulas by the value Excel stored for them."""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from pipeline.dataset.formats import header
from pipeline.dataset.port import MIB, Format, Limits, Line, Peek
from pipeline.errors import InputError
from pipeline.records import Finding

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook

# What openpyxl calls a formula that was calculated to an empty text.
EMPTY_TEXT = "str"
MAX_PARTS = 10_000
UNPACKED_TIMES = 4
FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
DAMAGED = (zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, AttributeError, IndexError, EOFError)


def recognises(peek: Peek) -> bool:
    return peek.start.startswith(b"PK")


def lines(peek: Peek, limits: Limits) -> Iterator[Line]:
    _refuse_bomb(peek.path, limits)
    with _opened(peek.path) as book:
        sheet = _sheets(book)[0]
        _refuse_uncalculated(peek.path, sheet)
        records = _records(book, sheet)
        columns = header.names(next(records, (1, []))[1])
        for number, cells in records:
            place = f"line {number}"
            padded = [*cells, *[""] * (len(columns) - len(cells))]
            yield Line(place=place, cells=header.fitted(padded, columns, place))


def findings(peek: Peek) -> tuple[Finding, ...]:
    with _opened(peek.path) as book:
        first, *others = _sheets(book)
    if not others:
        return ()
    message = f"Only the sheet “{first}” was read; {len(others)} more ({', '.join(others[:3])}) were not."
    return (Finding(level="info", code="other_sheets", message=message),)


@contextmanager
def _opened(path: Path, *, formulas: bool = False) -> "Iterator[Workbook]":
    from openpyxl import load_workbook

    # Opened here, because openpyxl judges a path by its extension.
    with path.open("rb") as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = load_workbook(file, read_only=True, data_only=not formulas, keep_links=False)
        except DAMAGED:
            raise _damaged() from None
        try:
            yield book
        except DAMAGED:
            raise _damaged() from None
        finally:
            book.close()


def _damaged() -> InputError:
    return InputError("The workbook is damaged. Open it in a spreadsheet program, save it as .xlsx and upload it again.")


def _sheets(book: "Workbook") -> list[str]:
    """Names of the sheets that hold something, in order; the first one where all are empty."""
    return [name for name in book.sheetnames if next(_records(book, name), None)] or book.sheetnames[:1]


def _records(book: "Workbook", sheet: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells as text) of every line that is not blank."""
    page = book[sheet]
    if not hasattr(page, "iter_rows"):  # a sheet that is a chart
        return
    if hasattr(page, "reset_dimensions"):
        # Writers other than Excel store wrong dimensions, which would hide lines.
        page.reset_dimensions()
    for number, values in enumerate(page.iter_rows(values_only=True), 1):
        cells = [_text(value) for value in values]
        if any(cells):
            yield number, cells


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(value)


def _refuse_uncalculated(path: Path, sheet: str) -> None:
    """A formula that no program ever calculated reads as an empty cell: better no dataset than one with holes."""
    if not _has_formulas(path):
        return
    with _opened(path, formulas=True) as written, _opened(path) as values:
        for asked, stored in zip(written[sheet].iter_rows(), values[sheet].iter_rows(), strict=False):
            for cell, value in zip(asked, stored, strict=False):
                if cell.data_type == "f" and value.value is None and value.data_type != EMPTY_TEXT:
                    raise InputError(
                        f"Cell {cell.coordinate} holds a formula without a calculated value. "
                        "Open the workbook in a spreadsheet program, save it, and upload it again; or paste the values."
                    )


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(_mentions_formula(archive, name) for name in archive.namelist() if name.startswith("xl/worksheets/"))


def _mentions_formula(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as part:
        tail = b""
        while block := part.read(MIB):
            if FORMULA.search(tail + block):
                return True
            tail = block[-20:]
    return False


def _refuse_bomb(path: Path, limits: Limits) -> None:
    """By the sizes the archive declares; zipfile never unpacks more of a part than it declares."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    unpacked, allowed = sum(part.file_size for part in parts), UNPACKED_TIMES * limits.max_bytes
    if unpacked > allowed or len(parts) > MAX_PARTS:
        raise InputError(
            f"The workbook unpacks to {unpacked // MIB:,} MB in {len(parts):,} parts; {allowed // MIB:,} MB are allowed. "
            "Export the one sheet with the samples as CSV."
        )


FORMAT = Format(
    name="XLSX",
    recognises=recognises,
    lines=lines,
    nothing="The sheet holds only a header line. Add at least one sample below it.",
    findings=findings,
)
