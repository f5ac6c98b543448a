"""The inputs Ferry's forms are made of, and how their values are read back."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from bot.blocks import limits
from bot.blocks.escape import cut, plain
from bot.cards.kit import Block, context

View = Mapping[str, Any]
VALUE = "value"
"""The action id of every input; its block id is the field's name."""
ROOM = limits.VIEW_BYTES - 10_000
"""Bytes of a form's blocks; the rest is for its title and what it remembers."""
TOO_LARGE = "Parts are left out: all of it is more than Slack shows in a form."


def modal(callback: str, title: str, blocks: Sequence[Block], *, submit: str = "Send", meta: Mapping[str, str]) -> dict[str, Any]:
    """A form; without a `submit` it has nothing to send and only its own buttons act."""
    return {
        "type": "modal",
        "callback_id": callback,
        "title": _text(title, limits.VIEW_TITLE),
        **({"submit": _text(submit, limits.VIEW_BUTTON)} if submit else {}),
        "close": _text("Close", limits.VIEW_BUTTON),
        "private_metadata": json.dumps(dict(meta)),
        "blocks": _fitting(blocks),
    }


def _fitting(blocks: Sequence[Block]) -> list[Block]:
    """Of blocks that are only read the last go, and it is said, where a form would be larger than Slack takes."""
    sizes = [len(json.dumps(block)) + 2 for block in blocks]
    over, kept = sum(sizes) - ROOM, []
    for block, size in reversed(list(zip(blocks, sizes, strict=True))):
        if over > 0 and block["type"] not in {"input", "actions"}:
            over -= size
        else:
            kept.append(block)
    return kept[::-1] if len(kept) == len(blocks) else [*kept[::-1], context(TOO_LARGE)]


def field(name: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": _text(label, 200),
        "element": element | {"action_id": VALUE},
        "optional": optional,
    }
    return block | {"hint": _text(hint, limits.INPUT_HINT)} if hint else block


def text_input(initial: str = "", *, multiline: bool = False, limit: int = limits.INPUT_TEXT, placeholder: str = "") -> Block:
    block: Block = {"type": "plain_text_input", "multiline": multiline, "max_length": limit}
    if initial:
        block["initial_value"] = cut(initial, limit)
    if placeholder:
        block["placeholder"] = _text(placeholder, limits.PLACEHOLDER)
    return block


def select(options: Iterable[tuple[str, str]], initial: str = "") -> Block:
    """A menu of (value, label)."""
    entries = {value: {"text": _text(label, limits.OPTION_TEXT), "value": value} for value, label in options}
    block: Block = {"type": "static_select", "options": list(entries.values())}
    return block | {"initial_option": entries[initial]} if initial in entries else block


def radio(options: Iterable[tuple[str, str]]) -> Block:
    return select(options) | {"type": "radio_buttons"}


def checkboxes(options: Iterable[tuple[str, str]], initial: Collection[str] = ()) -> Block:
    """Boxes of (value, label), at most LIST_OPTIONS of them; those of `initial` are ticked."""
    return _several("checkboxes", options, initial)


def multi_select(options: Iterable[tuple[str, str]], initial: Collection[str] = ()) -> Block:
    """A menu of (value, label) of which several are chosen."""
    return _several("multi_static_select", options, initial)


def _several(kind: str, options: Iterable[tuple[str, str]], initial: Collection[str]) -> Block:
    entries = {value: {"text": _text(label, limits.OPTION_TEXT), "value": value} for value, label in options}
    block: Block = {"type": kind, "options": list(entries.values())}
    chosen = [entry for value, entry in entries.items() if value in initial]
    return block | {"initial_options": chosen} if chosen else block


def people(initial: Sequence[str] = (), most: int = 20) -> Block:
    block: Block = {"type": "multi_users_select", "max_selected_items": most}
    return block | {"initial_users": list(initial)} if initial else block


def person(initial: str | None = None) -> Block:
    block: Block = {"type": "users_select"}
    return block | {"initial_user": initial} if initial else block


def files(types: Sequence[str], most: int = 1) -> Block:
    return {"type": "file_input", "filetypes": list(types), "max_files": most}


def values(view: View) -> dict[str, Mapping[str, Any]]:
    """What was filled in, by field name."""
    return {name: actions.get(VALUE, {}) for name, actions in view["state"]["values"].items()}


def text_of(value: Mapping[str, Any]) -> str:
    """A text or the chosen option of a menu, stripped; empty when left out."""
    option = value.get("selected_option") or {}
    return str(value.get("value") or option.get("value") or "").strip()


def choices_of(value: Mapping[str, Any]) -> tuple[str, ...]:
    """The options that are ticked or chosen."""
    return tuple(str(option["value"]) for option in value.get("selected_options") or ())


def opened_text(view: View, name: str) -> str:
    """The text that a field held when the form opened."""
    elements = [block["element"] for block in view["blocks"] if block.get("block_id") == name and "element" in block]
    return "".join(str(element.get("initial_value") or "") for element in elements).strip()


def opened_with(view: View, name: str) -> tuple[str, ...]:
    """The options that a field had ticked or chosen when the form opened."""
    elements = [block["element"] for block in view["blocks"] if block.get("block_id") == name and "element" in block]
    return tuple(str(option["value"]) for element in elements for option in element.get("initial_options") or ())


def people_of(value: Mapping[str, Any]) -> tuple[str, ...]:
    single = value.get("selected_user")
    return tuple(value.get("selected_users") or ([single] if single else ()))


def files_of(value: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return tuple(value.get("files") or ())


def meta(view: View) -> dict[str, str]:
    """What the form carried along: ids, checked again when they come back."""
    try:
        parsed = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in parsed.items()} if isinstance(parsed, dict) else {}


def _text(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": plain(text, limit), "emoji": False}
