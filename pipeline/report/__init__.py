"""Reports: `build` makes one, `write` puts it into every format. A new format is one file here and one line in `write`."""

from pathlib import Path

from pipeline.report.records import Report


def write(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write report.json, .png, .html and .xlsx into `folder` (made if absent) and return their paths, the page first."""
    from pipeline.report import chart, page, storage, workbook

    folder.mkdir(parents=True, exist_ok=True)
    paths = {kind: folder / f"report.{kind}" for kind in ("html", "xlsx", "json", "png")}
    paths["json"].write_text(storage.dumps(report), encoding="utf-8")
    chart.write(report, paths["png"])
    page.write(report, paths["html"], picture=paths["png"])
    workbook.write(report, paths["xlsx"])
    return tuple(paths.values())
