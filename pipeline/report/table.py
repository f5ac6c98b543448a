"""The comparison as a table of short texts: the one that goes into Slack, the HTML page and the workbook alike."""

from pipeline.records import Comparison
from pipeline.report.records import ArmReport, Report

NONE = "–"  # a table cell is never empty: Slack refuses a message with an empty cell


def rows(report: Report) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Header and body; one line for the source and one for each arm, primary metrics first."""
    primary = [m.metric for m in report.criteria.primary]
    others = [m.metric for m in report.criteria.metrics if not m.primary]
    header = (
        "model · prompt",
        "verdict",
        *primary,
        "difference [interval]",
        *others,
        "answered",
        "p50 s",
        "TTFT s",
        "tokens out",
    )
    body = (_row(arm, [*primary], others) for arm in (report.source, *report.arms))
    return header, tuple(body)


def _row(arm: ArmReport, primary: list[str], others: list[str]) -> tuple[str, ...]:
    return (
        arm.label if arm.bar != "source" else f"source {arm.model}",
        str(arm.verdict) if arm.verdict else NONE,
        *(figure(arm, metric) for metric in primary),
        "; ".join(difference(c) for c in arm.comparisons if c.primary) or NONE,
        *(figure(arm, metric) for metric in others),
        f"{arm.answered}/{arm.samples}",
        number(arm.timing.p50, 2),
        number(arm.timing.ttft_p50, 2),
        number(arm.output_tokens, 0),
    )


def figure(arm: ArmReport, metric: str) -> str:
    """A metric's mean; with "n scored / n" when some samples could not be scored."""
    for found in arm.figures:
        if found.metric == metric:
            whole = found.scored == found.samples
            return number(found.mean, 3) + ("" if whole else f" ({found.scored}/{found.samples} scored)")
    return NONE


def difference(comparison: Comparison) -> str:
    """`+0.271 [+0.104, +0.438]`, target minus source."""
    if comparison.difference is None or comparison.interval is None:
        return NONE
    return f"{comparison.difference:+.3f} [{comparison.interval.low:+.3f}, {comparison.interval.high:+.3f}]"


def number(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{value:,.{digits}f}"
