"""Block Kit in stored messages and views: the ids Slack adds, and where an element is."""

import copy
import secrets
from collections.abc import Iterator

from bot.blocks.validate import interactive
from bot.workspace.wire import Json

_INTERACTIVE = ("button", "overflow", "checkboxes", "radio_buttons", "datepicker", "timepicker", "file_input")


def with_ids(blocks: object) -> list[Json]:
    """A copy of the blocks as Slack stores them: every block has a block_id, every interactive element an action_id."""
    stored: list[Json] = copy.deepcopy(blocks) if isinstance(blocks, list) else []
    for block in stored:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return stored


def elements(block: Json) -> Iterator[Json]:
    """The elements of a block that a person can act on."""
    for _, element in interactive(block):
        kind = str(element.get("type", ""))
        if isinstance(element, dict) and (kind in _INTERACTIVE or kind.endswith(("_select", "_input"))):
            yield element


def find(blocks: list[Json], action_id: str, block_id: str | None = None) -> tuple[Json, Json] | None:
    """The first (block, element) with this action_id or, for inputs, this block_id."""
    for block in blocks:
        if block_id is not None and block["block_id"] != block_id:
            continue
        for element in elements(block):
            if action_id in (element["action_id"], block["block_id"] if block["type"] == "input" else None):
                return block, element
    return None
