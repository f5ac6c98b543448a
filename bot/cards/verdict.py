"""The comparison in Slack: what to know, a line for each target, and the tables, a message each, cut to what Slack shows."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Block, Card, context, lines, section, table
from pipeline.records import Verdict
from pipeline.report.records import ArmReport, Report
from pipeline.report.table import costs, difference, rows

SIGNS = {
    Verdict.BETTER: ":large_green_circle:",
    Verdict.NOT_WORSE: ":large_green_circle:",
    Verdict.WORSE: ":red_circle:",
    Verdict.CANNOT_TELL: ":white_circle:",
}
COSTS = "costs"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """`part` is empty for the comparison, or `costs` for latency and cost: Slack takes one table in a message."""

    name: str
    report: Report
    report_hash: str
    part: str = ""


def verdict_lines(report: Report) -> list[str]:
    """One line for each target: the arm it would go live with, its verdict and the primary differences."""
    models = dict.fromkeys(arm.model for arm in report.arms)
    return [_line(arm) for model in models if (arm := report.winner(model))]


def _line(arm: ArmReport) -> str:
    sign = SIGNS[arm.verdict] if arm.verdict else ":white_circle:"
    told = "; ".join(f"{literal(c.metric, 60)} {difference(c)}, margin {c.margin:g}" for c in arm.comparisons if c.primary)
    return f"{sign} *{literal(arm.model, 150)}* · {arm.verdict or Verdict.CANNOT_TELL}" + (f" ({told})" if told else "")


def caution_lines(report: Report) -> list[str]:
    """What a reader must know before the figures, and what these cannot tell."""
    return [f":warning: {literal(said, 700)}" for said in (*report.caveats, *report.open_ends)]


def table_card(facts: TableFacts) -> Card:
    """One table of every arm; when it is cut it says so, and the complete one is in the files of this thread."""
    return _costs(facts) if facts.part == COSTS else _comparison(facts)


def _comparison(facts: TableFacts) -> Card:
    report, (head, body) = facts.report, rows(facts.report)
    shown, kept = table(head, body)
    cautions = caution_lines(report)
    blocks: list[Block] = [
        section(f"*Comparison on the test split: {literal(facts.name, 200)}*"),
        lines([literal(report.headline, 1200), *verdict_lines(report)], what="targets"),
        *([section(literal(report.recommendation, 1500))] if report.recommendation else []),
        *([lines(cautions, what="remarks")] if cautions else []),
        shown,
        context(_cut_note(kept, len(body), len(head)), f"Report `{facts.report_hash[:16]}`"),
    ]
    return Card(text=f"Comparison of {literal(facts.name, 200)}: {literal(report.headline, 1000)}", blocks=blocks)


def _costs(facts: TableFacts) -> Card:
    head, body = costs(facts.report)
    shown, kept = table(head, body)
    name = literal(facts.name, 200)
    blocks: list[Block] = [
        section(f"*Latency and cost on the test split: {name}*"),
        shown,
        context(_cut_note(kept, len(body), len(head)), _judging(facts.report), f"Report `{facts.report_hash[:16]}`"),
    ]
    return Card(text=f"Latency and cost of {name}", blocks=blocks)


def _judging(report: Report) -> str:
    """What the evaluation itself cost, apart from inference."""
    if not report.evaluation:
        return "Judging cost nothing: every metric is computed by code."
    calls, usd = sum(e.calls for e in report.evaluation), [e.usd for e in report.evaluation]
    known = sum(each for each in usd if each is not None)
    unknown = "" if None not in usd else f", and more of which the {literal(_first_note(report), 200)}"
    return f"Judging took {calls:,} calls, ${known:,.2f}{unknown}; it is no part of these figures."


def _first_note(report: Report) -> str:
    return next(e.note for e in report.evaluation if e.usd is None)


def _cut_note(kept: int, total: int, columns: int) -> str:
    if kept < total or columns > 20:
        width = f" and 20 of {columns} columns" if columns > 20 else ""
        return f"Showing {kept} of {total} lines{width}; the complete file is attached to this thread."
    return f"All {total} lines; source first."
