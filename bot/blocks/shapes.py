"""The blocks Ferry may send, as checks, and the surfaces each has a place on.

Source: docs.slack.dev/reference/block-kit/blocks. Blocks still being rolled out to workspaces (data_table, card, alert, ...) are
left out on purpose: where they are unknown Slack refuses the whole message.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

from bot.blocks import elements, limits
from bot.blocks.checks import Check, Problem, array, boolean, by_type, choice, integer, number, one_of, shape, string

Surface: TypeAlias = Literal["message", "modal", "home"]

_ID: Final[Mapping[str, Check]] = {"block_id": string(limits.BLOCK_ID, 1)}

_STYLE: Final = shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), boolean))
_INLINE: Final = by_type(
    {
        "text": shape({"text": string(limits.TEXT, 1)}, {"style": _STYLE}),
        "link": shape({"url": string(limits.BUTTON_URL, 1)}, {"text": string(limits.TEXT), "style": _STYLE, "unsafe": boolean}),
        "emoji": shape({"name": string(255, 1)}, {"unicode": string(255), "style": _STYLE}),
        "user": shape({"user_id": string(255, 1)}, {"style": _STYLE}),
        "channel": shape({"channel_id": string(255, 1)}, {"style": _STYLE}),
        "date": shape({"timestamp": integer(0, 2**40), "format": string(255, 1)}, {"fallback": string(255), "url": string()}),
    },
    "rich text element",
)
_INLINES: Final[Mapping[str, Check]] = {"elements": array(_INLINE)}
_SECTION: Final = shape(_INLINES, {})
RICH_TEXT: Final = array(
    by_type(
        {
            "rich_text_section": _SECTION,
            "rich_text_list": shape(
                {
                    "style": choice("bullet", "ordered"),
                    "elements": array(by_type({"rich_text_section": _SECTION}, "list item"), 1),
                },
                {"indent": integer(0, 8), "offset": integer(0, 100_000), "border": integer(0, 1)},
            ),
            "rich_text_preformatted": shape(_INLINES, {"border": integer(0, 1), "language": string(255)}),
            "rich_text_quote": shape(_INLINES, {"border": integer(0, 1)}),
        },
        "rich text part",
    ),
    1,
)

_CELL: Final = by_type(
    {
        "raw_text": shape({"text": string(low=1)}, {}),
        "raw_number": shape({"value": number}, {"text": string(low=1)}),
        "rich_text": shape({"elements": RICH_TEXT}, _ID),
    },
    "table cell",
)
_COLUMN: Final = shape({}, {"align": choice("left", "center", "right"), "is_wrapped": boolean})


def _column(value: object, at: str) -> Iterator[Problem]:
    """Slack takes null for a column that keeps its defaults."""
    if value is not None:
        yield from _COLUMN(value, at)


def _same_width(value: object, at: str) -> Iterator[Problem]:
    rows = value.get("rows") if isinstance(value, Mapping) else None
    if isinstance(rows, list) and len({len(row) for row in rows if isinstance(row, list)}) > 1:
        yield Problem(f"{at}/rows", "all rows must have the same number of cells")


def _dispatches_no_file(value: object, at: str) -> Iterator[Problem]:
    element = value.get("element") if isinstance(value, Mapping) else None
    is_file = isinstance(element, Mapping) and element.get("type") == "file_input"
    if is_file and isinstance(value, Mapping) and value.get("dispatch_action"):
        yield Problem(f"{at}/dispatch_action", "is not allowed with a file_input")


BLOCKS: Final[Mapping[str, Check]] = {
    "section": shape(
        {},
        {
            **_ID,
            "text": elements.text(limits.SECTION_TEXT),
            "fields": array(elements.text(limits.FIELD_TEXT), 1, limits.SECTION_FIELDS),
            "accessory": by_type(elements.ACCESSORIES, "accessory of a section"),
            "expand": boolean,
        },
        one_of("text", "fields", several=True),
    ),
    "divider": shape({}, _ID),
    "header": shape({"text": elements.plain(limits.HEADER_TEXT)}, _ID),
    "context": shape({"elements": array(by_type(elements.CONTEXT, "context element"), 1, limits.CONTEXT_ELEMENTS)}, _ID),
    "actions": shape({"elements": array(by_type(elements.ACTIONS, "action"), 1, limits.ACTIONS_ELEMENTS)}, _ID),
    "image": shape(
        {"alt_text": string(limits.ALT_TEXT, 1)},
        {
            **_ID,
            "image_url": string(limits.IMAGE_URL, 1),
            "slack_file": shape({}, {"id": string(255, 1), "url": string(limits.IMAGE_URL, 1)}),
            "title": elements.plain(limits.IMAGE_TITLE),
        },
        one_of("image_url", "slack_file"),
    ),
    "input": shape(
        {"label": elements.plain(limits.INPUT_LABEL), "element": by_type(elements.INPUTS, "input element")},
        {**_ID, "hint": elements.plain(limits.INPUT_HINT), "optional": boolean, "dispatch_action": boolean},
        _dispatches_no_file,
    ),
    "markdown": shape({"text": string(low=1)}, _ID),
    "rich_text": shape({"elements": RICH_TEXT}, _ID),
    "table": shape(
        {"rows": array(array(_CELL, 1, limits.TABLE_COLUMNS), 1, limits.TABLE_ROWS)},
        {**_ID, "column_settings": array(_column, 0, limits.TABLE_COLUMNS)},
        _same_width,
    ),
}
SURFACES: Final[Mapping[Surface, Mapping[str, Check]]] = {
    "message": BLOCKS,
    "modal": {name: check for name, check in BLOCKS.items() if name not in {"table", "markdown"}},
    "home": {name: check for name, check in BLOCKS.items() if name != "markdown"},
}
