"""The report's pictures: differences against the locked margins, and quality against cost. Same report, same bytes."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.records import Comparison, Verdict
from pipeline.report.records import ArmReport, Point, Report
from pipeline.report.sheets import labelled, runs

COLOURS = {Verdict.BETTER: "#1a7f37", Verdict.NOT_WORSE: "#0b6bcb", Verdict.WORSE: "#c4320a", Verdict.CANNOT_TELL: "#6b7280"}
INK, SOFT, LINE = "#111827", "#6b7280", "#e5e7eb"


def write(report: Report, path: Path) -> None:
    """Write a PNG of about 1000 pixels width: each primary metric's difference with its interval."""
    bars = [(_plain(f"{arm.label}\n{c.metric}"), c) for arm in report.arms for c in arm.comparisons if c.primary]
    figure = Figure(figsize=(10, 1.6 + 0.62 * max(len(bars), 1)), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    for place, (_, comparison) in enumerate(reversed(bars)):
        _draw(axes, place, comparison)
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(range(len(bars)), [label for label, _ in reversed(bars)])
    axes.set_ylim(-0.7, max(len(bars), 1) - 0.3)
    axes.margins(x=0.18)
    axes.set_xlabel(
        f"difference to the source, with its {report.criteria.confidence:.0%} interval (right is better; | is minus the margin)"
    )
    axes.grid(axis="x", color=LINE)
    _save(figure, axes, report, path)


def _draw(axes: Axes, place: int, comparison: Comparison) -> None:
    """One interval: a dot, a line, and a mark at minus the margin."""
    if comparison.interval is None or comparison.difference is None:
        axes.annotate("no figure", (0, place), xytext=(8, -4), textcoords="offset points", color=SOFT)
        return
    colour = COLOURS[comparison.verdict]
    axes.plot([comparison.interval.low, comparison.interval.high], [place, place], color=colour, linewidth=3)
    axes.plot([comparison.difference], [place], "o", color=colour, markersize=8)
    axes.plot([-comparison.margin], [place], "|", color=INK, markersize=16)
    axes.annotate(
        comparison.verdict.value, (comparison.interval.high, place), xytext=(8, -4), textcoords="offset points", color=colour
    )


def write_tradeoff(report: Report, path: Path) -> None:
    """Write a PNG of quality against cost; the line joins the front, and runs that cannot be placed are named below."""
    figure = Figure(figsize=(10, 5.6), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    by_label = {arm.label: arm for arm in runs(report)}
    front = sorted((point.per_1k, point.quality) for point in report.tradeoff if point.front)
    axes.plot([x for x, _ in front], [y for _, y in front], color=SOFT, linewidth=1, linestyle="--", zorder=1)
    for number, point in enumerate(report.tradeoff, 1):
        _place(axes, point, by_label[point.label], number)
    left_out = [labelled(arm) for arm in runs(report) if arm.label not in {point.label for point in report.tradeoff}]
    axes.set_xlabel(_plain("inference cost, $ per 1,000 calls" + _left_out(left_out)))
    axes.set_ylabel("quality (mean of the metrics that decide)")
    axes.margins(x=0.1, y=0.12)
    axes.grid(color=LINE)
    if report.tradeoff:
        figure.legend(loc="outside lower left", ncols=2, fontsize=9, frameon=False)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(0.5, 0.5, "No run has both a quality and a known cost.", ha="center", transform=axes.transAxes, color=SOFT)
    _save(figure, axes, report, path)


def _place(axes: Axes, point: Point, arm: ArmReport, number: int) -> None:
    """One run: filled on the front, hollow behind it, with its interval; its colour is that of its verdict."""
    colour = COLOURS[arm.verdict] if arm.verdict else INK
    low, high = arm.quality.low, arm.quality.high
    if low is not None and high is not None:
        axes.plot([point.per_1k, point.per_1k], [low, high], color=colour, linewidth=1, alpha=0.5)
    said = ", ".join([str(arm.verdict)] * bool(arm.verdict) + ["not charged"] * (not arm.cost.charged))
    name = f"{number} {labelled(arm)}" + (f" ({said})" if said else "")
    filling = colour if point.front else "white"
    axes.plot([point.per_1k], [point.quality], "o", color=colour, markerfacecolor=filling, markersize=9, label=_plain(name))
    offset = (9 if number % 2 else -15, -4)
    axes.annotate(str(number), (point.per_1k, point.quality), xytext=offset, textcoords="offset points", color=colour)


def _left_out(labels: list[str]) -> str:
    if not labels:
        return ""
    more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
    return f"\nnot placed, cost or quality unknown: {', '.join(labels[:3])}{more}"


def _save(figure: Figure, axes: Axes, report: Report, path: Path) -> None:
    axes.set_axisbelow(True)
    axes.set_title(_plain(report.title), loc="left")
    FigureCanvasAgg(figure)
    figure.savefig(path, format="png", metadata={"Software": None})


def _plain(text: str) -> str:
    """`text` as itself: matplotlib would read a dollar sign as the start of a formula."""
    return text.replace("$", r"\$")
