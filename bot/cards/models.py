"""The shortlist of models in Slack: a table of those that fit, and in words why the others do not."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Block, Card, context, lines, section, table
from pipeline.models.catalog import Shortlist, told

SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsFacts:
    """A shortlist, and the words of the question that nobody understood."""

    found: Shortlist
    left: tuple[str, ...] = ()


def models_card(facts: ModelsFacts) -> Card:
    found = facts.found
    wanted = literal(told.asked(found.constraints), 600) or "anything"
    ranked = found.ranked[:SHOWN]
    shown, kept = table(told.HEAD, [told.cells(each) for each in ranked])
    said = [
        f":warning: Not understood and left out: {literal(', '.join(facts.left), 300)}." if facts.left else "",
        f"{len(found.ranked) - kept} more fit: add a constraint, or run `ferry models`." if kept < len(found.ranked) else "",
        literal(told.fell_out(found), 900),
        *(literal(remark, 400) for remark in told.remarks(found)),
    ]
    blocks: list[Block] = [
        section(f"*{told.fit(found)}*: {wanted}"),
        *([shown] if kept else []),
        lines(said, what="remarks"),
        context(literal(f"Ranked {told.order(found)}.", 500), *(literal(source, 300) for source in told.sources(found)[:5])),
    ]
    return Card(text=f"{told.fit(found)}: {wanted}", blocks=blocks)
