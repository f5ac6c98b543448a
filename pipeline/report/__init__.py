"""Reports: `build` makes one, `write` puts it into every format. A new format is one file here and one line in `write`."""

from pathlib import Path

from pipeline.report.records import Report

SHEET_ROWS = 1_048_576
"""Rows of one sheet, https://support.microsoft.com/office/excel-specifications-and-limits."""
CHARTS = ("report.png", "tradeoff.png")
"""The pictures among the files: differences with their intervals, quality against cost."""


def write(report: Report, folder: Path, *, rows: int = SHEET_ROWS) -> tuple[Path, ...]:
    """Write report.html, .xlsx, .json and the charts into `folder` (made if absent) and return their paths, the page first.

    With more cells than a sheet has `rows` they are in cells.parquet, which is among the paths then.
    """
    from pipeline.report import cells, chart, page, storage, workbook

    folder.mkdir(parents=True, exist_ok=True)
    paths = {kind: folder / f"report.{kind}" for kind in ("html", "xlsx", "json")}
    differences, tradeoff = (folder / name for name in CHARTS)
    storage.write(report, paths["json"])
    chart.write(report, differences)
    chart.write_tradeoff(report, tradeoff)
    page.write(report, paths["html"], pictures={"differences": differences, "tradeoff": tradeoff})
    workbook.write(report, paths["xlsx"], rows=rows)
    if report.evidence.filled >= rows:
        paths["parquet"] = folder / cells.NAME
        cells.write(report, paths["parquet"])
    return (*paths.values(), differences, tradeoff)
