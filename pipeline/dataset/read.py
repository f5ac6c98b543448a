"""A file of samples, read as a stream and judged by its content, never by its name.

`scan` reads all of it once and keeps only a head, so a file is refused before anything is made of it; `lines` streams it again.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.attachments.values import shortened
from pipeline.dataset import foreign, text
from pipeline.dataset.attached import Columns
from pipeline.dataset.formats import FORMATS
from pipeline.dataset.port import MIB, USUAL, Format, Limits, Line, Peek
from pipeline.errors import InputError
from pipeline.records import Finding

HEAD_LINES = 200
NO_MEMBERS: Mapping[str, object] = {}
WAYS_OUT = {text.NUL: "Remove it, or export the file again.", text.HALVES: "Export the file again as UTF-8."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What one pass over a file tells: format, all columns in order of appearance, first lines, number of samples.

    `files` are the columns that hold images and PDFs; the content of such cells is not in `head`.
    """

    format: str
    columns: tuple[str, ...]
    head: tuple[Line, ...]
    samples: int
    findings: tuple[Finding, ...]
    files: tuple[str, ...] = ()


def scan(path: Path, *, name: str, limits: Limits = USUAL, members: Mapping[str, object] = NO_MEMBERS) -> Scan:
    """Reads the whole file once; `members` are the paths of files beside it. Raises InputError that starts with `name`."""
    with naming(name):
        peek, chosen = _chosen(path, limits)
        columns: dict[str, None] = {}
        files = Columns(members)
        head: list[Line] = []
        count = 0
        for count, line in enumerate(_checked(chosen.lines(peek, limits), limits), 1):  # noqa: B007
            columns.update(dict.fromkeys(line.cells))
            files.take(line.cells)
            if len(head) < HEAD_LINES:
                head.append(replace(line, cells={column: shortened(cell) for column, cell in line.cells.items()}))
        if not count:
            raise InputError(chosen.nothing)
        findings = (*_encoding_finding(peek), *chosen.findings(peek), *files.findings())
        return Scan(
            format=chosen.name, columns=tuple(columns), head=tuple(head), samples=count, findings=findings, files=files.files
        )


def lines(path: Path, *, name: str, limits: Limits = USUAL) -> Iterator[Line]:
    """The file's lines, one at a time. Raises InputError as `scan` does."""
    with naming(name):
        peek, chosen = _chosen(path, limits)
        yield from _checked(chosen.lines(peek, limits), limits)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Puts what people call the file before the sentence of every InputError."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error.message}") from None


def _chosen(path: Path, limits: Limits) -> tuple[Peek, Format]:
    size = path.stat().st_size
    if size > limits.max_bytes:
        raise InputError(
            f"The file has {size / MIB:,.0f} MB; {limits.max_bytes // MIB:,} MB are allowed. "
            "Upload a representative part: a few hundred samples decide most migrations."
        )
    with path.open("rb") as file:
        start = file.read(text.HEAD_BYTES)
    if not start.strip():
        raise InputError("The file is empty. Upload one with a header line and at least one sample.")
    refusal = foreign.refusal(path, start)
    if refusal:
        raise InputError(refusal)
    peek = _peek(path, start)
    chosen = next((known for known in FORMATS if known.recognises(peek)), None)
    if not chosen:
        raise InputError(f"The file is neither text nor a workbook. {foreign.CONVERT}")
    return peek, chosen


def _peek(path: Path, start: bytes) -> Peek:
    if start.startswith(b"PK"):
        return Peek(path=path, start=start)
    encoding = text.encoding_of(path, start)
    if not encoding:
        return Peek(path=path, start=start)
    beginning = text.beginning(start, encoding)
    if not beginning.strip():
        raise InputError("The file is empty. Upload one with a header line and at least one sample.")
    return Peek(path=path, start=start, encoding=encoding, text=beginning)


def _encoding_finding(peek: Peek) -> tuple[Finding, ...]:
    if not peek.encoding or peek.encoding in text.UNICODE:
        return ()
    message = f"The file is not in UTF-8; it was read as {peek.encoding}. Check a few accented letters in the samples."
    return (Finding(level="warning", code="encoding_guessed", message=message),)


def _checked(found: Iterator[Line], limits: Limits) -> Iterator[Line]:
    known: set[str] = set()
    for count, line in enumerate(found, 1):
        if count > limits.max_samples:
            raise InputError(f"The file holds more than {limits.max_samples:,} samples. Upload a representative part of it.")
        for column in line.cells.keys() - known:
            _check_name(column, line.place)
            known.add(column)
        for column, cell in line.cells.items():
            _check_cell(cell, column, line.place, limits)
        yield line


def _check_cell(cell: str, column: str, place: str, limits: Limits) -> None:
    if len(cell) > limits.max_cell and len(cell) > (most := limits.most(cell)):
        raise InputError(
            f"{place.capitalize()} has {len(cell):,} characters in “{column}”; {most:,} are allowed. Shorten the text."
        )
    bad = text.unfit(cell)
    if bad:
        raise InputError(f"{place.capitalize()} has {bad} in “{column}”. {WAYS_OUT[bad]}")


def _check_name(column: str, place: str) -> None:
    bad = text.unfit(column)
    if bad:
        shown = text.HALF.sub("�", column.replace("\0", "�"))
        raise InputError(f"{place.capitalize()} has {bad} in the name of “{shown}”. {WAYS_OUT[bad]}")
