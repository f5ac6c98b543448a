"""The plan and the report of a search on a terminal."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commands.prompts.diff import show_changes
from pipeline.commands.prompts.searching import Searching, used_words
from pipeline.models import notice
from pipeline.prompts.search.meter import Used
from pipeline.prompts.search.plan import Plan
from pipeline.prompts.search.report import SearchReport, Tried
from pipeline.prompts.search.words import caveats, headline, on_test, verdicts

LISTED = 10


def show_plan(ahead: Plan, searching: Searching) -> None:
    """What will be asked at most, step by step, and the caps; before the first call."""
    console = Console(stderr=True)
    for ref in dict.fromkeys((searching.ask.target, searching.writer)):
        if ref and (said := notice(ref)):
            console.print(Text(said))
    steps = {
        "source on dev": ahead.source,
        "as is and format-fixed on dev": ahead.bars,
        "other candidates, by halving": ahead.halving,
        "conversions, by the writer": ahead.writing,
        "GEPA, its writer included": ahead.gepa,
        "one look at test": ahead.test,
    }
    table = Table("step", "calls at most", title=Text(f"Plan for {searching.ask.target}"))
    for step, calls in steps.items():
        table.add_row(step, f"{calls:,}")
    console.print(table)
    most = Used(most_calls=searching.most.calls or ahead.dev)
    money = "unknown: no price for every model" if ahead.usd is None else f"about ${ahead.usd:,.2f}"
    for line in (
        f"Budget on dev: {used_words(most).removeprefix('0 of ')}. Cost of the whole plan: {money}.",
        f"${searching.most.usd:,.2f} are for dev and the one look at test together." if searching.most.usd is not None else "",
        ahead.no_gepa or "",
        f"What is paid for is kept in {searching.journal}; the same command resumes.",
    ):
        console.print(Text(line)) if line else None


def show(report: SearchReport, out: Path | None) -> None:
    """The headline and what to know first, the bars, the verdicts, the candidates, what changed and why."""
    console = Console()
    console.print(Text(headline(report), "bold"))
    for sentence in caveats(report):
        console.print(Text(f"- {sentence}"))
    console.print(_bars(report))
    for sentence in verdicts(report):
        console.print(Text(sentence))
    for found in report.compared:
        if found.primary and found.regressed:
            console.print(Text(f"Got worse ({len(found.regressed)}): {_listed(found.regressed)}"))
    console.print(_tried(report.tried))
    console.print(Text(f"{report.selection} {report.why}"))
    show_changes(console, report.changes)
    for edit in report.edits:
        console.print(Text(f"{edit.rule}: {edit.reason} [{edit.source}]"))
    console.print(Text(f"Used: {used_words(report.used)}, the look at test included." + (f" Written to {out}." if out else "")))


def _bars(report: SearchReport) -> Table:
    table = Table("bar", "made by", *(f"{name}, test" for name in report.metrics), "dev", "characters", "tokens", "USD for 1,000")
    for bar in report.bars:
        scores = (on_test(bar, name, report.test_samples) for name in report.metrics)
        money = "unknown" if bar.usd_per_1000 is None else f"{bar.usd_per_1000:,.3f}"
        tokens = "unknown" if bar.tokens is None else f"{bar.tokens:,.0f}"
        dev = "none" if bar.dev is None else f"{bar.dev:.3f}"
        table.add_row(*map(Text, (bar.role, bar.method, *scores, dev, f"{bar.characters:,}", tokens, money)))
    return table


def _tried(tried: tuple[Tried, ...]) -> Table:
    table = Table("candidate", "became", "dev", "why")
    for one in tried:
        dev = "" if one.dev is None else f"{one.dev:.3f}"
        table.add_row(*map(Text, (one.method, one.became, dev, one.reason)))
    return table


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
