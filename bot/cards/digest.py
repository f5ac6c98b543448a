"""The periodic message of a monitor: one line when nothing moved; what needs people first when something did."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.buttons import Press
from bot.cards.kit import Block, Card, actions, button, context, lines, mention, section
from db.records import Digest, Migration, Monitor
from pipeline.monitor.digest import DigestResult
from pipeline.records import Comparison
from pipeline.report.table import difference


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """`result` is None while the tick is still being worked on."""

    migration: Migration
    monitor: Monitor
    digest: Digest
    result: DigestResult | None


def digest_card(facts: DigestFacts) -> Card:
    """Alerts with the person to act, then the figures, then what was compared."""
    target, tick = literal(facts.monitor.target, 150), literal(facts.digest.tick, 40)
    title = f"Digest of {literal(facts.migration.name, 200)} ({tick})"
    result = facts.result
    if result is None:
        return Card(text=title, blocks=[section(f"*{title}*\nThe golden samples are being run on {target}.")])
    blocks: list[Block] = [section(f"*{title}*\n{_headline(facts, result)}")]
    if result.alerts:
        blocks.append(lines((f":rotating_light: {literal(alert.message, 900)}" for alert in result.alerts), what="alerts"))
        again = Press(migration=facts.migration.id).dumps()
        blocks.append(actions(button("Migrate again", "again_open", again)))
    if not result.quiet:
        blocks.append(lines((_comparison(c) for c in result.comparisons), what="metrics"))
    blocks.append(context(_window(facts, result)))
    return Card(text=f"{title}: {_headline(facts, result)}", blocks=blocks)


def _headline(facts: DigestFacts, result: DigestResult) -> str:
    if result.quiet:
        return f"Nothing changed: {result.answered} of {result.samples} samples answered as at sign-off."
    if result.alerts:
        return f"{mention(facts.migration.requester)}, {len(result.alerts)} alert(s) need you."
    return f"{result.changed} of {result.samples} answers differ from sign-off; no metric fell below its baseline."


def _comparison(comparison: Comparison) -> str:
    return f"• {literal(comparison.metric, 60)}: {difference(comparison)} ({comparison.verdict})"


def _window(facts: DigestFacts, result: DigestResult) -> str:
    pace = "" if result.p50_s is None else f" · median answer {result.p50_s:.2f} s"
    was = "" if result.baseline_p50_s is None else f" (at sign-off {result.baseline_p50_s:.2f} s)"
    schedule = f"`{literal(facts.monitor.cron, 60)}` {literal(facts.monitor.timezone, 60)}"
    return f"{literal(facts.monitor.target, 150)} on the frozen test split · {schedule}{pace}{was if pace else ''}"
