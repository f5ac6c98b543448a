"""What goes wrong in a round's targets: groups of failures with examples, the likely cause and the next step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Block, Card, context, header, section, text_section
from pipeline.decide.errors.summary import ArmErrors, Example, GroupSummary

MOST_GROUPS = 12
"""Groups with their examples in one message, over all targets; Slack takes fifty blocks."""
MOST_ARMS = 5
SHOWN = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorsFacts:
    name: str
    round: int
    arms: tuple[ArmErrors, ...]


def errors_card(facts: ErrorsFacts) -> Card:
    """The largest groups of each target; what is not shown is counted."""
    name = literal(facts.name, 200)
    shown = facts.arms[:MOST_ARMS]
    each = max(1, MOST_GROUPS // max(len(shown), 1))
    blocks: list[Block] = [header(f"What goes wrong · round {facts.round}")]
    for arm in shown:
        blocks.extend(_arm(arm, each))
    if not facts.arms:
        blocks.append(section("No target has a finished run on the test split."))
    if len(facts.arms) > len(shown):
        blocks.append(context(f"And {len(facts.arms) - len(shown)} more targets; the report has them all."))
    failed = sum(arm.failed for arm in facts.arms)
    return Card(text=f"What goes wrong in {name}: {failed:,} failures in {_count(facts.arms)} groups", blocks=blocks)


def error_lines(arms: Sequence[ArmErrors], most: int) -> Iterator[str]:
    """The groups in one line each, for an answer in the thread; the last line counts what is left out."""
    for arm in arms[:MOST_ARMS]:
        yield _title(arm)
        yield from (f"• {_line(group)} ({group.cause})" for group in arm.groups[:most])
        if len(arm.groups) > most:
            yield f"… and {len(arm.groups) - most} more groups"
    if len(arms) > MOST_ARMS:
        yield f"… and {len(arms) - MOST_ARMS} more targets"


def _arm(arm: ArmErrors, most: int) -> Iterator[Block]:
    yield section(_title(arm))
    for group in arm.groups[:most]:
        yield section(
            f"*{_line(group)}*\nLikely cause: {group.cause}. {literal(group.evidence, 500)}\n"
            f"Next: {literal(group.next_step, 500)}"
        )
        if group.examples:
            yield text_section("\n\n".join(map(_example, group.examples)))
    if len(arm.groups) > most:
        left = sum(group.count for group in arm.groups[most:])
        groups = f"{most} of {len(arm.groups)} groups"
        yield context(f"Showing {groups}; the others hold {left:,} failures. The report has them all.")


def _title(arm: ArmErrors) -> str:
    found = f"{arm.failed:,} of {arm.samples:,} samples fail" if arm.failed else f"none of {arm.samples:,} samples fails"
    return f"*{literal(arm.arm, 200)}*: {found}"


def _line(group: GroupSummary) -> str:
    return f"{group.count:,} × {literal(group.label, 300)}"


def _example(example: Example) -> str:
    """Shown as plain text: nothing in it comes to life."""
    answer = "no answer" if example.answer is None else f"answer: {_cut(example.answer)}"
    reference = f"\nreference: {_cut(example.reference)}" if example.reference is not None else ""
    return f"{_cut(example.sample_id)}: {_cut(example.question)}{reference}\n{answer}"


def _cut(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= SHOWN else said[: SHOWN - 1] + "…"


def _count(arms: Sequence[ArmErrors]) -> int:
    return sum(len(arm.groups) for arm in arms)
