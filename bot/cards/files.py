"""The message that carries the report's files."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesFacts:
    name: str
    report_hash: str
    files: tuple[str, ...]


def files_card(facts: FilesFacts) -> Card:
    """The sentence above the files; the outbox uploads them."""
    text = f"Report of {literal(facts.name, 200)} (`{facts.report_hash[:16]}`): the page, the workbook, the data and the chart."
    return Card(text=text, files=facts.files)
