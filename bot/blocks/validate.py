"""Says what Slack would refuse in a message or a view before it is sent; used by the outbox, the tests and the local workspace.

Slack's own models in slack_sdk let more than half of these invalid payloads pass (51 blocks, duplicate ids, ...).
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.blocks import limits
from bot.blocks.checks import Check, Problem, array, boolean, by_type, objects, shape, string
from bot.blocks.elements import plain
from bot.blocks.shapes import SURFACES, Surface

__all__ = ["Problem", "Surface", "validate", "validate_message", "validate_view"]

_COUNTS: Final[Mapping[Surface, int]] = {
    "message": limits.MESSAGE_BLOCKS,
    "modal": limits.VIEW_BLOCKS,
    "home": limits.VIEW_BLOCKS,
}
_BLOCKS: Final[Mapping[Surface, Check]] = {
    surface: array(by_type(shapes, f"block for a {surface}"), 0, _COUNTS[surface]) for surface, shapes in SURFACES.items()
}
_KEEPS: Final[Mapping[str, Check]] = {
    "private_metadata": string(limits.PRIVATE_METADATA),
    "callback_id": string(limits.CALLBACK_ID),
    "external_id": string(limits.EXTERNAL_ID),
}


def _checked_above(value: object, at: str) -> Iterator[Problem]:
    yield from ()


_VIEWS: Final[Mapping[str, Check]] = {
    "modal": shape(
        {"title": plain(limits.VIEW_TITLE), "blocks": _checked_above},
        {
            **_KEEPS,
            "submit": plain(limits.VIEW_BUTTON),
            "close": plain(limits.VIEW_BUTTON),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
    ),
    "home": shape({"blocks": _checked_above}, _KEEPS),
}


def validate(blocks: object, surface: Surface, at: str = "/blocks") -> tuple[Problem, ...]:
    """The problems of a list of block dicts on `surface`, in the order of the payload; empty when Slack would take it."""
    problems = list(_BLOCKS[surface](blocks, at))
    if isinstance(blocks, Sequence) and not isinstance(blocks, str):
        whole = [(f"{at}/{index}", block) for index, block in enumerate(blocks) if isinstance(block, Mapping)]
        problems += _duplicates(whole)
        problems += _totals(whole, at)
        if surface != "modal":
            problems += _files(whole, surface)
    return tuple(problems)


def validate_message(payload: Mapping[str, object]) -> tuple[Problem, ...]:
    """The problems of the arguments of chat.postMessage or chat.update.

    Stricter than Slack in two points: `text` has to be there (it is what notifications and screen readers use), and it may
    have at most 4,000 characters (chat.update refuses more, and any message of Ferry may be updated).
    """
    problems = list(string(limits.MESSAGE_TEXT, 1)(payload.get("text"), "/text"))
    if payload.get("blocks") is not None:
        problems += validate(payload["blocks"], "message")
    return tuple(problems)


def validate_view(view: object, at: str = "/view") -> tuple[Problem, ...]:
    """The problems of a modal or home view as views.open, views.update, views.push and views.publish take it."""
    if not isinstance(view, Mapping) or view.get("type") not in ("modal", "home"):
        return (Problem(f"{at}/type", "must be one of modal, home"),)
    surface: Surface = "home" if view["type"] == "home" else "modal"
    problems = [*_VIEWS[surface](view, at), *validate(view.get("blocks", []), surface, f"{at}/blocks")]
    asks = any(block.get("type") == "input" for block in objects(view.get("blocks")))
    if surface == "modal" and asks and "submit" not in view:
        problems.append(Problem(at, "missing required field: submit (the view has input blocks)"))
    if len(json.dumps(view).encode()) > limits.VIEW_BYTES:
        problems.append(Problem(at, f"must be less than {limits.VIEW_BYTES} bytes"))
    return tuple(problems)


def interactive(block: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The elements of a block that may carry an action id, each with its pointer inside the block."""
    for name in ("accessory", "element"):
        element = block.get(name)
        if isinstance(element, Mapping):
            yield f"/{name}", element
    for index, element in enumerate(objects(block.get("elements"))):
        yield f"/elements/{index}", element


def _duplicates(blocks: Sequence[tuple[str, Mapping[str, object]]]) -> Iterator[Problem]:
    """A block_id is unique in its payload, an action_id in its block."""
    ids = Counter(str(block["block_id"]) for _, block in blocks if "block_id" in block)
    for at, block in blocks:
        if ids[str(block.get("block_id"))] > 1:
            yield Problem(f"{at}/block_id", f"block_id {block['block_id']} is used more than once")
        actions = Counter(str(element["action_id"]) for _, element in interactive(block) if "action_id" in element)
        for where, element in interactive(block):
            if actions[str(element.get("action_id"))] > 1:
                yield Problem(f"{at}{where}/action_id", f"action_id {element['action_id']} is used more than once in this block")


def _totals(blocks: Sequence[tuple[str, Mapping[str, object]]], at: str) -> Iterator[Problem]:
    """What Slack sums over the whole payload."""
    markdown = sum(len(str(block.get("text", ""))) for _, block in blocks if block.get("type") == "markdown")
    if markdown > limits.MARKDOWN_TEXT:
        yield Problem(at, f"markdown blocks hold {markdown} characters together, no more than {limits.MARKDOWN_TEXT} allowed")
    tables = [(where, block) for where, block in blocks if block.get("type") == "table"]
    for where, _ in tables[limits.MESSAGE_TABLES :]:
        yield Problem(where, "only_one_table_allowed")
    characters = sum(_characters(block.get("rows")) for _, block in tables)
    if characters > limits.TABLE_CHARACTERS:
        yield Problem(at, f"table cells hold {characters} characters together, no more than {limits.TABLE_CHARACTERS} allowed")


def _characters(value: object) -> int:
    """Characters of all texts below a table's rows; a number counts as it is written."""
    if isinstance(value, Mapping):
        return sum(
            len(str(v)) if k in ("text", "value") and not isinstance(v, Mapping) else _characters(v) for k, v in value.items()
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sum(_characters(each) for each in value)
    return 0


def _files(blocks: Sequence[tuple[str, Mapping[str, object]]], surface: Surface) -> Iterator[Problem]:
    for at, block in blocks:
        element = block.get("element")
        if isinstance(element, Mapping) and element.get("type") == "file_input":
            yield Problem(f"{at}/element", f"file_input is not allowed in a {surface}")
