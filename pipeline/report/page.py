"""The report as one HTML file that needs nothing else: styles and pictures are inside, no script, no address."""

import base64
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.prompts import diff
from pipeline.report import table
from pipeline.report.provenance import provenance
from pipeline.report.records import Report
from pipeline.report.tables import sheets

SHOWN = 50  # regressions printed on the page; the workbook holds them all


def write(report: Report, path: Path, *, pictures: dict[str, Path]) -> None:
    """Write `path`, with the PNGs inside: `differences` and `tradeoff`. Every text is escaped."""
    environment = Environment(loader=PackageLoader("pipeline.report"), autoescape=True, undefined=StrictUndefined)
    header, body = table.rows(report)
    origin = list(provenance(report))
    page = environment.get_template("page.html").render(
        report=report,
        hash=origin[0][1],
        header=header,
        body=body,
        sheets=sheets(report),
        shown=report.regressions[:SHOWN],
        worse=len(report.regressions) + report.unquoted,
        changes=[(arm, diff.changes(report.prompts["source"], report.prompts[arm.label])) for arm in report.arms],
        provenance=origin,
        pictures={name: base64.b64encode(picture.read_bytes()).decode() for name, picture in pictures.items()},
    )
    path.write_text(page, encoding="utf-8")
