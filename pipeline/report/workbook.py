"""The report as an XLSX workbook: comparison, metrics, regressions, cells, provenance, a sheet each."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from pipeline.report import table
from pipeline.report.records import Report

CELL_LIMIT = 32_767  # characters in one cell, https://support.microsoft.com/office/excel-specifications-and-limits
CONTROL = {code: None for code in range(32) if chr(code) not in "\t\n\r"}  # not allowed in XML 1.0


def write(report: Report, path: Path) -> None:
    """Write `path`. Texts from models and people stay texts: none becomes a formula."""
    book = Workbook(write_only=True)
    _sheet(book, "Comparison", *table.rows(report))
    _sheet(book, "Metrics", METRICS, _metrics(report))
    _sheet(book, "Dev choice", ("target", "prompt", "scored", "mean", "chosen", "refused because"), _dev(report))
    _sheet(book, "Regressions", REGRESSIONS, _regressions(report))
    cells = ((c.arm, c.sample_id, c.metric, c.value, c.unscored) for c in report.cells)
    _sheet(book, "Cells", ("run", "sample", "metric", "value", "unscored because"), cells)
    _sheet(book, "Prompts", ("run", "part", "text"), _prompts(report))
    _sheet(book, "Provenance", ("what", "value"), provenance(report))
    book.save(path)


METRICS = (
    "run",
    "metric",
    "primary",
    "margin",
    "source",
    "target",
    "difference",
    "low",
    "high",
    "worst case",
    "pairs",
    "verdict",
    "why",
)
REGRESSIONS = ("run", "metric", "sample", "question", "reference", "source answered", "target answered")


def _metrics(report: Report) -> Iterable[Sequence[object]]:
    for arm in report.arms:
        for c in arm.comparisons:
            low, high = (c.interval.low, c.interval.high) if c.interval else (None, None)
            yield (arm.label, c.metric, "yes" if c.primary else "no", c.margin, c.source_mean, c.target_mean, c.difference,
                   low, high, c.worst_case, c.pairs, c.verdict.value, c.reason)  # fmt: skip


def _dev(report: Report) -> Iterable[Sequence[object]]:
    return ((d.target, d.label, d.scored, d.mean, "yes" if d.chosen else "no", d.refusal) for d in report.dev)


def _regressions(report: Report) -> Iterable[Sequence[object]]:
    for r in report.regressions:
        after = r.target_text if r.failure is None else f"no answer: {r.failure.kind}"
        yield r.arm, r.metric, r.sample_id, r.question, r.reference, r.source_text, after


def _prompts(report: Report) -> Iterable[Sequence[object]]:
    for label, prompt in report.prompts.items():
        yield label, "system", prompt.system
        yield label, "user", prompt.user


def provenance(report: Report) -> Iterable[tuple[str, str]]:
    """What the figures rest on, as pairs; the same list in the workbook and the page."""
    origin = report.provenance
    yield "report hash", report.hash
    yield "dataset", f"{origin.dataset_name}, {origin.dev} dev and {origin.test} test samples"
    yield "dataset hash", origin.dataset_hash
    yield "criteria hash", origin.criteria_hash
    yield "plan", origin.plan
    yield "same inputs for all runs", "yes, by hash" if report.same_inputs else "NO"
    yield "confidence", f"{report.criteria.confidence:.0%}"
    yield "coverage gate", f"{report.criteria.coverage_gate:.0%}"
    yield from origin.versions.items()


def _sheet(book: Workbook, title: str, header: Sequence[str], body: Iterable[Sequence[object]]) -> None:
    sheet: WriteOnlyWorksheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, text, bold=True) for text in header])
    for line in body:
        sheet.append([_cell(sheet, value) for value in line])


def _cell(sheet: WriteOnlyWorksheet, value: object, *, bold: bool = False) -> Cell:
    shown = value.translate(CONTROL)[:CELL_LIMIT] if isinstance(value, str) else value
    cell: Cell = WriteOnlyCell(sheet, value=shown)  # type: ignore[arg-type]  # any cell value; the stubs know three kinds
    if isinstance(value, str):
        cell.data_type = "s"  # openpyxl would read a leading "=" as a formula
    if bold:
        cell.font = Font(bold=True)
    return cell
