"""The report of a search as one HTML file that needs nothing else: bars, verdicts, the prompt side by side, every edit."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.prompts.search.report import SearchReport
from pipeline.prompts.search.words import caveats, headline, on_test, verdicts


def write(report: SearchReport, path: Path) -> None:
    """Write `path`; every text is escaped."""
    loader = PackageLoader("pipeline.prompts.search")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    page = environment.get_template("search.html").render(
        report=report,
        headline=headline(report),
        caveats=caveats(report),
        on_test=on_test,
        verdicts=verdicts(report),
    )
    path.write_text(page, encoding="utf-8")
