"""The report as an XLSX workbook: the comparison, every table with its numbers, regressions, cells, prompts, provenance."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from pipeline.decide.latency import Seconds
from pipeline.prompts import diff
from pipeline.report import table
from pipeline.report.cells import NAME
from pipeline.report.provenance import provenance
from pipeline.report.records import Quantity, Report
from pipeline.report.sheets import Sheet, Value
from pipeline.report.tables import sheets

CELL_LIMIT = 32_767  # characters in one cell, https://support.microsoft.com/office/excel-specifications-and-limits
TITLE = 31  # characters of a sheet's name
SPECIAL = frozenset("=#")  # openpyxl reads texts that begin so as formulas and as error codes
CONTROL = {code: None for code in range(32) if chr(code) not in "\t\n\r"}  # not allowed in XML 1.0
REGRESSIONS = ("run", "metric", "sample", "question", "reference", "source answered", "target answered", "source", "target")


def write(report: Report, path: Path, *, rows: int) -> None:
    """Write `path`. Texts from models and people stay texts: none becomes a formula. A sheet has at most `rows` rows."""
    book = Workbook(write_only=True)
    _sheet(book, "Comparison", *table.rows(report))
    for sheet in sheets(report):
        _sheet(book, sheet.title, _head(sheet), (_numbers(sheet, row) for row in sheet.rows))
    _sheet(book, "Regressions", REGRESSIONS, islice(_regressions(report), rows - 1))
    _sheet(book, "Cells", ("run", "sample", "metric", "value", "unscored because"), _cells(report, rows))
    _sheet(book, "Prompts", ("run", "part", "text"), _prompts(report))
    _sheet(book, "Remarks", ("what", "text"), _remarks(report))
    _sheet(book, "Provenance", ("what", "value"), provenance(report))
    book.save(path)


def _head(sheet: Sheet) -> list[str]:
    names: list[str] = []
    for column in sheet.columns:
        names += (
            [column.name, f"{column.name} low", f"{column.name} high", f"{column.name} n"] if column.spread else [column.name]
        )
    return names


def _numbers(sheet: Sheet, row: Sequence[Value]) -> list[object]:
    """Quantities as value, low, high and n; where there is no value its note stands in its place."""
    values: list[object] = []
    for value, column in zip(row, sheet.columns, strict=True):
        if not column.spread:
            values.append(value)
        elif isinstance(value, Quantity | Seconds):
            values += [value.value if value.value is not None else value.note or None, value.low, value.high, value.n]
        else:
            values += [value, None, None, None]
    return values


def _cells(report: Report, rows: int) -> Iterable[Sequence[object]]:
    """Every cell, or where they are when a sheet cannot hold them: a part of them would pass for all."""
    if (filled := report.evidence.filled) >= rows:
        yield (f"There are {filled:,} cells, and a sheet has {rows:,} rows: {NAME} and report.json hold them all.",)
        return
    yield from ((c.arm, c.sample_id, c.metric, c.value, c.unscored) for c in report.evidence.cells())


def _regressions(report: Report) -> Iterable[Sequence[object]]:
    if left := report.unquoted:
        yield (f"Quoted are the {report.quoted:,} worst of each run and metric; report.json names the other {left:,}.",)
    for r in report.regressions:
        after = r.target_text if r.failure is None else f"no answer: {r.failure.kind}"
        yield r.arm, r.metric, r.sample_id, r.question, r.reference, r.source_text, after, r.source_value, r.target_value


def _prompts(report: Report) -> Iterable[Sequence[object]]:
    for label, prompt in report.prompts.items():
        yield label, "system", prompt.system
        yield from ((label, turn.role, turn.text) for turn in prompt.turns)
        yield label, "user", prompt.user
        yield from ((label, "input step", diff.step_text(step)) for step in prompt.prepare)
        yield from ((label, "answer step", diff.step_text(step)) for step in prompt.finish)


def _remarks(report: Report) -> Iterable[Sequence[object]]:
    yield "headline", report.headline
    yield "recommendation", report.recommendation
    yield from (("know before", caveat) for caveat in report.caveats)
    yield from (("cannot be concluded", sentence) for sentence in report.open_ends)


def _sheet(book: Workbook, title: str, header: Sequence[str], body: Iterable[Sequence[object]]) -> None:
    sheet: WriteOnlyWorksheet = book.create_sheet(title[:TITLE])
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, name, bold=True) for name in header])
    for line in body:
        sheet.append([_cell(sheet, value) for value in line])


def _cell(sheet: WriteOnlyWorksheet, value: object, *, bold: bool = False) -> Cell | object:
    if not isinstance(value, str):
        return value
    shown = value.translate(CONTROL)[:CELL_LIMIT]
    if not bold and shown[:1] not in SPECIAL:
        return shown
    cell: Cell = WriteOnlyCell(sheet, value=shown)
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
