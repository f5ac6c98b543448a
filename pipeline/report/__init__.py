"""Reports: `build` makes one, `write` puts it into every format. A new format is one file here and one line in `write`."""

from pathlib import Path

from pipeline.report.records import Report

CHARTS = ("report.png", "tradeoff.png")
"""The pictures among the files: differences with their intervals, quality against cost."""


def write(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write report.html, .xlsx, .json and the charts into `folder` (made if absent) and return their paths, the page first."""
    from pipeline.report import chart, page, storage, workbook

    folder.mkdir(parents=True, exist_ok=True)
    paths = {kind: folder / f"report.{kind}" for kind in ("html", "xlsx", "json")}
    differences, tradeoff = (folder / name for name in CHARTS)
    paths["json"].write_text(storage.dumps(report), encoding="utf-8")
    chart.write(report, differences)
    chart.write_tradeoff(report, tradeoff)
    page.write(report, paths["html"], pictures={"differences": differences, "tradeoff": tradeoff})
    workbook.write(report, paths["xlsx"])
    return (*paths.values(), differences, tradeoff)
