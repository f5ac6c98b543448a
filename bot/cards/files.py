"""The message that carries the report's files."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Card

PUBLISH = (
    "*Publish the prompt* under the sign-off, or *publish as NAME* here, puts the signed prompt into Amazon Bedrock's prompt "
    "management."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesFacts:
    """`publishable` where a target is on Bedrock, so that its prompt can go into prompt management."""

    name: str
    report_hash: str
    files: tuple[str, ...]
    charts: bool = False
    publishable: bool = False


def files_card(facts: FilesFacts) -> Card:
    """The sentence above the files; the outbox uploads them."""
    about = f"{literal(facts.name, 200)} (`{facts.report_hash[:16]}`)"
    if facts.charts:
        said = "the differences to the source with their intervals, and quality against cost."
        return Card(text=f"Charts of {about}: {said}", files=facts.files)
    text = f"Report of {about}: the page, the workbook, and the data, which `ferry recompute` checks."
    return Card(text=f"{text} {PUBLISH}" if facts.publishable else text, files=facts.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFilesFacts:
    method: str
    prompt_hash: str
    target: str
    files: tuple[str, ...]


def prompt_files_card(facts: PromptFilesFacts) -> Card:
    """The sentence above a candidate's whole text and its changes."""
    about = f"*{literal(facts.method, 80)}* (`{facts.prompt_hash[:8]}`) for {literal(facts.target, 150)}"
    way = "*Edit* under *What changed* takes the first file back."
    return Card(text=f"Prompt {about}: the whole text, and every change as text and side by side. {way}", files=facts.files)
