"""The comparison as a table of short texts: the one that goes into Slack, the HTML page and the workbook alike."""

from pipeline.records import Comparison
from pipeline.report.records import ArmReport, Report
from pipeline.report.sheets import NONE, Column, labelled, named, runs, text

PLAIN = Column(name="")
MONEY = Column(name="", money=True)


def rows(report: Report) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Header and body; one line for the source and one for each arm, primary metrics first."""
    primary = [m.metric for m in report.criteria.primary]
    others = [m.metric for m in report.criteria.metrics if not m.primary]
    header = (
        "model · prompt",
        "verdict",
        *(named(report, metric) for metric in primary),
        "difference [interval]",
        *(named(report, metric) for metric in others),
        "answered",
        "p50 s",
        "TTFT s",
        "$ per 1,000 calls",
    )
    body = (_row(arm, primary, others) for arm in runs(report))
    return header, tuple(body)


def costs(report: Report) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Latency, tokens and cost of every run in one narrow table."""
    monthly = () if report.monthly_calls is None else (f"$ per month ({report.monthly_calls:,} calls)",)
    header = ("model · prompt", "mean s", "p50 s", "p95 s", "TTFT s", "tokens in", "tokens out", "$ per 1,000 calls", *monthly)
    return header, tuple(_cost_row(arm, bool(monthly)) for arm in runs(report))


def _row(arm: ArmReport, primary: list[str], others: list[str]) -> tuple[str, ...]:
    return (
        labelled(arm),
        str(arm.verdict) if arm.verdict else NONE,
        *(figure(arm, metric) for metric in primary),
        "; ".join(difference(c) for c in arm.comparisons if c.primary) or NONE,
        *(figure(arm, metric) for metric in others),
        f"{arm.answered}/{arm.samples}",
        number(arm.timing.p50.value, 2),
        number(arm.timing.ttft_p50.value, 2),
        per_1k(arm),
    )


def _cost_row(arm: ArmReport, monthly: bool) -> tuple[str, ...]:
    timing, seconds = arm.timing, Column(name="", digits=2)
    return (
        labelled(arm),
        *(text(value, seconds) for value in (timing.mean, timing.p50, timing.p95, timing.ttft_p50)),
        number(arm.input_tokens.value, 1),
        number(arm.output_tokens.value, 1),
        per_1k(arm),
        *((text(arm.cost.monthly if arm.cost.charged else "not charged", MONEY),) if monthly else ()),
    )


def per_1k(arm: ArmReport) -> str:
    """Dollars, or why there are none."""
    if not arm.cost.charged:
        return "not charged"
    return text(arm.cost.per_1k, MONEY) if arm.cost.per_1k is not None else arm.cost.note or NONE


def figure(arm: ArmReport, metric: str) -> str:
    """A metric's mean with its interval; with "n scored / n" when some samples could not be scored."""
    for found in arm.figures:
        if found.metric == metric:
            whole = found.scored == found.samples
            ends = "" if found.low is None or found.high is None else f" [{found.low:.3f}, {found.high:.3f}]"
            return number(found.mean, 3) + ends + ("" if whole else f" ({found.scored}/{found.samples} scored)")
    return NONE


def difference(comparison: Comparison) -> str:
    """`+0.271 [+0.104, +0.438]`, target minus source."""
    if comparison.difference is None or comparison.interval is None:
        return NONE
    return f"{comparison.difference:+.3f} [{comparison.interval.low:+.3f}, {comparison.interval.high:+.3f}]"


def number(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{value:,.{digits}f}"
