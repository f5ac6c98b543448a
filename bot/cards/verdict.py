"""The comparison in Slack: a line for each target, and the table cut to what Slack shows."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Block, Card, context, lines, section, table
from pipeline.records import Verdict
from pipeline.report.records import ArmReport, Report
from pipeline.report.table import difference, rows

SIGNS = {
    Verdict.BETTER: ":large_green_circle:",
    Verdict.NOT_WORSE: ":large_green_circle:",
    Verdict.WORSE: ":red_circle:",
    Verdict.CANNOT_TELL: ":white_circle:",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    name: str
    report: Report
    report_hash: str


def verdict_lines(report: Report) -> list[str]:
    """One line for each target: the arm it would go live with, its verdict and the primary differences."""
    models = dict.fromkeys(arm.model for arm in report.arms)
    return [_line(arm) for model in models if (arm := report.winner(model))]


def _line(arm: ArmReport) -> str:
    sign = SIGNS[arm.verdict] if arm.verdict else ":white_circle:"
    told = "; ".join(f"{literal(c.metric, 60)} {difference(c)}, margin {c.margin:g}" for c in arm.comparisons if c.primary)
    return f"{sign} *{literal(arm.model, 150)}* · {arm.verdict or Verdict.CANNOT_TELL}" + (f" ({told})" if told else "")


def table_card(facts: TableFacts) -> Card:
    """The table of every arm; when it is cut it says so, and the complete one is in the files of this thread."""
    head, body = rows(facts.report)
    shown, kept = table(head, body)
    blocks: list[Block] = [
        section(f"*Comparison on the test split: {literal(facts.name, 200)}*"),
        lines([literal(facts.report.headline, 1200), *verdict_lines(facts.report)], what="targets"),
        shown,
        context(_cut_note(kept, len(body), len(head)), f"Report `{facts.report_hash[:16]}`"),
    ]
    return Card(text=f"Comparison of {literal(facts.name, 200)}: {literal(facts.report.headline, 1000)}", blocks=blocks)


def _cut_note(kept: int, total: int, columns: int) -> str:
    if kept < total or columns > 20:
        width = f" and 20 of {columns} columns" if columns > 20 else ""
        return f"Showing {kept} of {total} lines{width}; the complete file is attached to this thread."
    return f"All {total} lines; source first."
