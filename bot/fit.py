"""A card as what Slack takes: the rich form first, then simpler ones. A message may lose its looks, never its content."""

from collections.abc import Iterator
from typing import Any

from bot.blocks import limits
from bot.blocks.escape import cut, literal
from bot.blocks.validate import validate_message
from bot.cards.kit import Block, Card, verbatim

Payload = dict[str, Any]


def payloads(card: Card) -> Iterator[Payload]:
    """The forms of `card` that pass the validator: as it is, with its tables as text, as text alone (which always passes)."""
    text = cut(card.text, limits.MESSAGE_TEXT) or "Ferry"
    rich = list(card.blocks)
    forms: list[Payload] = [{"text": text, "blocks": rich}]
    if any(block["type"] == "table" for block in rich):
        forms.append({"text": text, "blocks": [piece for block in rich for piece in _without_table(block)]})
    forms.append({"text": _in_words(card), "blocks": []})
    yield from (form for form in forms if not validate_message(form))


def _without_table(block: Block) -> list[Block]:
    return verbatim(_table_text(block), 8) if block["type"] == "table" else [block]


def _table_text(block: Block) -> str:
    return "\n".join(" | ".join(str(cell.get("text", "")) for cell in line) for line in block["rows"])


def _in_words(card: Card) -> str:
    """The texts of all blocks one after the other."""
    words = [word for block in card.blocks for word in _words(block)]
    return cut("\n".join(words) or card.text or "Ferry", limits.MESSAGE_TEXT)


def _words(block: Block) -> list[str]:
    if block["type"] == "section":
        texts = [block["text"]] if "text" in block else block["fields"]
        return [_safe(text) for text in texts]
    if block["type"] == "header":
        return [_safe(block["text"])]
    if block["type"] == "context":
        return [_safe(text) for text in block["elements"] if "text" in text]
    return []


def _safe(text: Block) -> str:
    """Plain text would come to life at the top level of a message, so it is escaped there."""
    return str(text["text"]) if text["type"] == "mrkdwn" else literal(str(text["text"]), limits.SECTION_TEXT)
