"""The report's picture: each primary metric's difference with its interval, against the locked margin."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.records import Comparison, Verdict
from pipeline.report.records import Report

COLOURS = {Verdict.BETTER: "#1a7f37", Verdict.NOT_WORSE: "#0b6bcb", Verdict.WORSE: "#c4320a", Verdict.CANNOT_TELL: "#6b7280"}


def write(report: Report, path: Path) -> None:
    """Write a PNG of about 1000 pixels width; the same report gives the same picture."""
    bars = [(_plain(f"{arm.label}\n{c.metric}"), c) for arm in report.arms for c in arm.comparisons if c.primary]
    figure = Figure(figsize=(10, 1.6 + 0.62 * max(len(bars), 1)), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    for place, (_, comparison) in enumerate(reversed(bars)):
        _draw(axes, place, comparison)
    axes.axvline(0, color="#111827", linewidth=1)
    axes.set_yticks(range(len(bars)), [label for label, _ in reversed(bars)])
    axes.set_ylim(-0.7, max(len(bars), 1) - 0.3)
    axes.set_xlabel(
        f"difference to the source, with its {report.criteria.confidence:.0%} interval (right is better; | is minus the margin)"
    )
    axes.grid(axis="x", color="#e5e7eb")
    axes.set_axisbelow(True)
    axes.set_title(_plain(report.title), loc="left")
    FigureCanvasAgg(figure)
    figure.savefig(path, format="png", metadata={"Software": None})


def _draw(axes: Axes, place: int, comparison: Comparison) -> None:
    """One interval: a dot, a line, and a mark at minus the margin."""
    if comparison.interval is None or comparison.difference is None:
        axes.annotate("no figure", (0, place), xytext=(8, -4), textcoords="offset points", color="#6b7280")
        return
    colour = COLOURS[comparison.verdict]
    axes.plot([comparison.interval.low, comparison.interval.high], [place, place], color=colour, linewidth=3)
    axes.plot([comparison.difference], [place], "o", color=colour, markersize=8)
    axes.plot([-comparison.margin], [place], "|", color="#111827", markersize=16)
    axes.annotate(
        comparison.verdict.value, (comparison.interval.high, place), xytext=(8, -4), textcoords="offset points", color=colour
    )


def _plain(text: str) -> str:
    """`text` as itself: matplotlib would read a dollar sign as the start of a formula."""
    return text.replace("$", r"\$")
