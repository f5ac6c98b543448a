"""The report as one HTML file that needs nothing else: styles and picture are inside, no script, no address."""

import base64
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.prompts import diff
from pipeline.report import table
from pipeline.report.records import Report
from pipeline.report.workbook import provenance

SHOWN = 50  # regressions printed on the page; the workbook holds them all


def write(report: Report, path: Path, *, picture: Path) -> None:
    """Write `path`, with the PNG at `picture` inside. Every text is escaped."""
    environment = Environment(loader=PackageLoader("pipeline.report"), autoescape=True, undefined=StrictUndefined)
    header, body = table.rows(report)
    page = environment.get_template("page.html").render(
        report=report,
        header=header,
        body=body,
        difference=table.difference,
        number=table.number,
        shown=report.regressions[:SHOWN],
        changes=[(arm, diff.changes(report.prompts["source"], report.prompts[arm.label])) for arm in report.arms],
        provenance=list(provenance(report)),
        picture=base64.b64encode(picture.read_bytes()).decode(),
    )
    path.write_text(page, encoding="utf-8")
