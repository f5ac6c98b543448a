"""The few Block Kit shapes that Ferry's cards are made of. Pure; every length is bounded here or by the escaping functions.

Sentences handed in as `mrkdwn` are Ferry's own; texts of people and models in them have gone through `literal`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.blocks import limits
from bot.blocks.escape import cut, literal, plain

Block = dict[str, Any]
USER_ID = re.compile(r"[UWB][A-Z0-9]{1,20}")
LINE = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A message to be: fallback `text` (notifications, screen readers) and blocks; `files` are paths under the data folder."""

    text: str
    blocks: Sequence[Block] = ()
    files: Sequence[str] = field(default=())


def mention(user: str | None, nobody: str = "nobody yet") -> str:
    """A person as Slack notifies them; anything that is not a user id is shown as text."""
    if not user:
        return nobody
    return f"<@{user}>" if USER_ID.fullmatch(user) else literal(user, 60)


def mentions(users: Sequence[str], nobody: str = "nobody yet") -> str:
    return some([mention(user) for user in users], 10) or nobody


def some(texts: Sequence[str], most: int, joint: str = ", ") -> str:
    """The first texts and how many more there are; empty when there is none."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return joint.join(texts[:most]) + more


def when(moment: datetime) -> str:
    """A time as each reader's own clock shows it."""
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{moment:%Y-%m-%d %H:%M} UTC>"


def header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": plain(text, limits.HEADER_TEXT), "emoji": False}}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return block | {"accessory": accessory} if accessory else block


def lines(texts: Iterable[str], limit: int = limits.SECTION_TEXT, what: str = "lines") -> Block:
    """A section of whole lines; what does not fit is counted, never cut in the middle."""
    texts = [text for text in texts if text]
    kept, length = 0, 0
    while kept < len(texts) and length + len(texts[kept]) + 1 <= limit - 40:
        length += len(texts[kept]) + 1
        kept += 1
    more = [f"… and {len(texts) - kept} more {what}"] if kept < len(texts) else []
    return section("\n".join([*texts[:kept], *more]) or "–")


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Up to ten short facts side by side."""
    return {"type": "section", "fields": [mrkdwn(f"*{name}*\n{value}", 2000) for name, value in pairs[: limits.SECTION_FIELDS]]}


def verbatim(text: str, sections: int = 4) -> list[Block]:
    """A text of a person or a model exactly as it is, in plain text; the cut is said when it is longer than `sections` hold."""
    size = limits.SECTION_TEXT
    whole = plain(text, size * sections)
    blocks = [text_section(piece) for at in range(0, len(whole), size) if (piece := whole[at : at + size]).strip()]
    if len(text.strip()) > size * sections:
        blocks.append(context(f"Cut after {size * sections:,} of {len(text):,} characters."))
    return blocks


def text_section(text: str) -> Block:
    return {"type": "section", "text": {"type": "plain_text", "text": plain(text, limits.SECTION_TEXT), "emoji": False}}


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text, 2000) for text in texts[: limits.CONTEXT_ELEMENTS]]}


def mrkdwn(text: str, limit: int = limits.SECTION_TEXT) -> Block:
    return {"type": "mrkdwn", "text": cut(text, limit) or "–", "verbatim": True}


def actions(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons[: limits.ACTIONS_ELEMENTS])}


def button(text: str, action_id: str, value: str, *, style: str = "", confirm: str = "") -> Block:
    """A button; `style` is primary or danger, `confirm` is the sentence Slack asks before it sends the click."""
    block: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": plain(text, limits.BUTTON_TEXT), "emoji": False},
        "action_id": action_id,
        "value": value,
    }
    if style:
        block["style"] = style
    if confirm:
        block["confirm"] = _confirm(confirm)
    return block


def _confirm(question: str) -> Block:
    def text(words: str) -> Block:
        return {"type": "plain_text", "text": words}

    return {
        "title": text("Are you sure?"),
        "text": text(plain(question, limits.CONFIRM_TEXT)),
        "confirm": text("Yes"),
        "deny": text("No"),
    }


def table(head: Sequence[str], body: Sequence[Sequence[str]]) -> tuple[Block, int]:
    """A table block of as many leading lines of `body` as Slack takes, and how many those are."""
    width = min(len(head), limits.TABLE_COLUMNS)
    rows = [[_cell(text) for text in line[:width]] for line in (head, *body[: limits.TABLE_ROWS - 1])]
    budget, kept = limits.TABLE_CHARACTERS, 0
    for row in rows:
        budget -= sum(len(cell["text"]) for cell in row)
        if budget < 0:
            break
        kept += 1
    return {"type": "table", "rows": rows[: max(kept, 1)]}, max(kept - 1, 0)


def _cell(text: str) -> Block:
    return {"type": "raw_text", "text": plain(text, 200)}


def bar(done: int, total: int, width: int = 12) -> str:
    """`▓▓▓▓░░░░░░░░ 33 %`; full only when all is done."""
    share = min(done, total) / total if total > 0 else 0.0
    full = int(share * width)
    return f"{'▓' * full}{'░' * (width - full)} {int(share * 100)} %"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
