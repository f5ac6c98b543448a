"""Each kind of payload that Slack refuses is refused here, at the place Slack would name; what Slack takes passes."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.validate import Surface, validate, validate_message, validate_view

Json = dict[str, Any]


def text(value: str, kind: str = "plain_text") -> Json:
    return {"type": kind, "text": value}


def mrkdwn(value: str) -> Json:
    return text(value, "mrkdwn")


def section(**more: object) -> Json:
    return {"type": "section", "text": mrkdwn("A sentence."), **more}


def button(**more: object) -> Json:
    return {"type": "button", "text": text("Approve"), "action_id": "approve", "value": "1", **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def asks(element: Json, **more: object) -> Json:
    return {"type": "input", "block_id": "name", "label": text("Name"), "element": element, **more}


def option(number: int = 1, **more: object) -> Json:
    return {"text": text(f"Option {number}"), "value": str(number), **more}


def table(rows: int = 2, cells: int = 2, cell: str = "1") -> Json:
    return {"type": "table", "rows": [[text(cell, "raw_text") for _ in range(cells)] for _ in range(rows)]}


def modal(*blocks: Json, **more: object) -> Json:
    return {"type": "modal", "title": text("Migrate"), "submit": text("Start"), "blocks": list(blocks), **more}


TEXT_INPUT: Json = {"type": "plain_text_input", "action_id": "name"}

VALID_MESSAGE: list[Json] = [
    {"type": "header", "text": text("h" * 150)},
    section(text=mrkdwn("t" * 3000), accessory=button(style="primary")),
    {"type": "section", "fields": [mrkdwn("f" * 2000) for _ in range(10)]},
    {"type": "divider", "block_id": "line"},
    {"type": "context", "elements": [mrkdwn("small"), {"type": "image", "image_url": "http://127.0.0.1/a.png", "alt_text": "a"}]},
    actions(
        button(),
        button(action_id="reject", style="danger", confirm={k: text("Sure?") for k in ("title", "text", "confirm", "deny")}),
        {"type": "static_select", "action_id": "s", "options": [option(1), option(2)], "initial_option": option(2)},
        {"type": "overflow", "action_id": "o", "options": [option(1)]},
    ),
    {"type": "image", "image_url": "http://127.0.0.1/a.png", "alt_text": "a chart", "title": text("Chart")},
    table(100, 20),
    {"type": "markdown", "text": "m" * 12000},
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "x", "style": {"bold": True}}]},
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U1"}]}],
            },
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "code"}]},
        ],
    },
]

VALID_MODAL: Json = modal(
    section(),
    asks({**TEXT_INPUT, "multiline": True, "min_length": 1, "max_length": 3000, "initial_value": "n", "placeholder": text("p")}),
    asks({"type": "file_input", "action_id": "f", "filetypes": ["csv"], "max_files": 1}, block_id="file", optional=True),
    asks({"type": "multi_users_select", "action_id": "u", "initial_users": ["U1"]}, block_id="users", hint=text("h")),
    asks({"type": "checkboxes", "action_id": "c", "options": [{"text": mrkdwn("*a*"), "value": "a"}]}, block_id="checks"),
    asks(
        {
            "type": "multi_static_select",
            "action_id": "m",
            "option_groups": [{"label": text("Family"), "options": [option(1)]}],
            "initial_options": [option(1)],
        },
        block_id="groups",
    ),
    callback_id="new",
    private_metadata="m" * 3000,
    notify_on_close=True,
)

INVALID: dict[str, tuple[Surface, list[Any], str]] = {
    "51 blocks": ("message", [{"type": "divider"}] * 51, "/blocks"),
    "101 blocks in a home": ("home", [{"type": "divider"}] * 101, "/blocks"),
    "unknown block": ("message", [{"type": "sparkle"}], "/blocks/0/type"),
    "block of another kind of type": ("message", [{"type": ["section"]}], "/blocks/0/type"),
    "block without type": ("message", [{}], "/blocks/0"),
    "block still being rolled out": ("message", [{"type": "data_table", "rows": []}], "/blocks/0/type"),
    "duplicate block_id": ("message", [section(block_id="a"), {"type": "divider", "block_id": "a"}], "/blocks/1/block_id"),
    "duplicate action_id in one block": ("message", [actions(button(), button())], "/blocks/0/elements/1/action_id"),
    "block_id of 256": ("message", [{"type": "divider", "block_id": "b" * 256}], "/blocks/0/block_id"),
    "action_id of 256": ("message", [actions(button(action_id="a" * 256))], "/blocks/0/elements/0/action_id"),
    "section of 3001": ("message", [section(text=mrkdwn("t" * 3001))], "/blocks/0/text/text"),
    "section without text or fields": ("message", [{"type": "section"}], "/blocks/0"),
    "field of 2001": ("message", [{"type": "section", "fields": [mrkdwn("f" * 2001)]}], "/blocks/0/fields/0/text"),
    "11 fields": ("message", [{"type": "section", "fields": [mrkdwn("f")] * 11}], "/blocks/0/fields"),
    "empty text": ("message", [section(text=mrkdwn(""))], "/blocks/0/text/text"),
    "blank text": ("message", [section(text=mrkdwn(" \n"))], "/blocks/0/text/text"),
    "text that is no string": ("message", [section(text=mrkdwn(3))], "/blocks/0/text/text"),  # type: ignore[arg-type]
    "mrkdwn in a header": ("message", [{"type": "header", "text": mrkdwn("*H*")}], "/blocks/0/text/type"),
    "header of 151": ("message", [{"type": "header", "text": text("h" * 151)}], "/blocks/0/text/text"),
    "emoji on mrkdwn": ("message", [section(text={**mrkdwn("a"), "emoji": True})], "/blocks/0/text"),
    "11 context elements": ("message", [{"type": "context", "elements": [mrkdwn("c")] * 11}], "/blocks/0/elements"),
    "button in a context": ("message", [{"type": "context", "elements": [button()]}], "/blocks/0/elements/0/type"),
    "26 actions": ("message", [actions(*[button(action_id=str(n)) for n in range(26)])], "/blocks/0/elements"),
    "no actions": ("message", [actions()], "/blocks/0/elements"),
    "input element among actions": ("message", [actions(TEXT_INPUT)], "/blocks/0/elements/0/type"),
    "button text of 76": ("message", [actions(button(text=text("b" * 76)))], "/blocks/0/elements/0/text/text"),
    "mrkdwn on a button": ("message", [actions(button(text=mrkdwn("b")))], "/blocks/0/elements/0/text/type"),
    "button value of 2001": ("message", [actions(button(value="v" * 2001))], "/blocks/0/elements/0/value"),
    "button value that is no string": ("message", [actions(button(value=1))], "/blocks/0/elements/0/value"),
    "unknown button style": ("message", [actions(button(style="loud"))], "/blocks/0/elements/0/style"),
    "confirm text of 301": (
        "message",
        [actions(button(confirm={"title": text("t"), "text": text("t" * 301), "confirm": text("y"), "deny": text("n")}))],
        "/blocks/0/elements/0/confirm/text/text",
    ),
    "unknown property": ("message", [section(colour="red")], "/blocks/0"),
    "image without alt_text": ("message", [{"type": "image", "image_url": "http://127.0.0.1/a.png"}], "/blocks/0"),
    "table of 101 rows": ("message", [table(101)], "/blocks/0/rows"),
    "table of 21 columns": ("message", [table(1, 21)], "/blocks/0/rows/0"),
    "table over 10,000 characters": ("message", [table(2, 2, "c" * 2501)], "/blocks"),
    "empty table cell": ("message", [table(1, 1, "")], "/blocks/0/rows/0/0/text"),
    "table without rows": ("message", [{"type": "table", "rows": []}], "/blocks/0/rows"),
    "ragged table": ("message", [{"type": "table", "rows": [*table(1, 2)["rows"], *table(1, 1)["rows"]]}], "/blocks/0/rows"),
    "two tables": ("message", [table(), table()], "/blocks/1"),
    "21 column settings": ("message", [{**table(), "column_settings": [None] * 21}], "/blocks/0/column_settings"),
    "not a number in a cell": (
        "message",
        [{"type": "table", "rows": [[{"type": "raw_number", "value": float("nan")}]]}],
        "/blocks/0/rows/0/0/value",
    ),
    "table in a modal": ("modal", [table()], "/blocks/0/type"),
    "markdown of 12,001 together": ("message", [{"type": "markdown", "text": "m" * 6001}] * 2, "/blocks"),
    "select without options": ("message", [actions({"type": "static_select", "action_id": "s"})], "/blocks/0/elements/0"),
    "101 options": (
        "message",
        [actions({"type": "static_select", "options": [option(n) for n in range(101)]})],
        "/blocks/0/elements/0/options",
    ),
    "option text of 76": (
        "message",
        [actions({"type": "static_select", "options": [option(text=text("o" * 76))]})],
        "/blocks/0/elements/0/options/0/text/text",
    ),
    "option value of 151": (
        "message",
        [actions({"type": "static_select", "options": [option(value="v" * 151)]})],
        "/blocks/0/elements/0/options/0/value",
    ),
    "initial option that is not offered": (
        "message",
        [actions({"type": "static_select", "options": [option(1)], "initial_option": option(2)})],
        "/blocks/0/elements/0/initial_option",
    ),
    "11 radio buttons": (
        "message",
        [actions({"type": "radio_buttons", "options": [option(n) for n in range(11)]})],
        "/blocks/0/elements/0/options",
    ),
    "6 overflow options": (
        "message",
        [actions({"type": "overflow", "options": [option(n) for n in range(6)]})],
        "/blocks/0/elements/0/options",
    ),
    "file_input in a home": ("home", [asks({"type": "file_input"})], "/blocks/0/element"),
    "file_input that dispatches": ("modal", [asks({"type": "file_input"}, dispatch_action=True)], "/blocks/0/dispatch_action"),
    "11 files": ("modal", [asks({"type": "file_input", "max_files": 11})], "/blocks/0/element/max_files"),
    "max_length of 3001": ("modal", [asks({**TEXT_INPUT, "max_length": 3001})], "/blocks/0/element/max_length"),
    "min over max": ("modal", [asks({**TEXT_INPUT, "min_length": 9, "max_length": 8})], "/blocks/0/element/min_length"),
    "initial value over max": (
        "modal",
        [asks({**TEXT_INPUT, "initial_value": "abc", "max_length": 2})],
        "/blocks/0/element/initial_value",
    ),
    "placeholder of 151": ("modal", [asks({**TEXT_INPUT, "placeholder": text("p" * 151)})], "/blocks/0/element/placeholder/text"),
    "label of 2001": ("modal", [asks(TEXT_INPUT, label=text("l" * 2001))], "/blocks/0/label/text"),
    "input without element": ("modal", [{"type": "input", "label": text("Name")}], "/blocks/0"),
    "button in an input": ("modal", [asks(button())], "/blocks/0/element/type"),
    "empty rich text": ("message", [{"type": "rich_text", "elements": []}], "/blocks/0/elements"),
    "blocks that are no list": ("message", {"type": "divider"}, "/blocks"),  # type: ignore[dict-item]
}

INVALID_VIEWS: dict[str, tuple[Json, str]] = {
    "title of 25": (modal(section(), title=text("t" * 25)), "/view/title/text"),
    "no title": ({"type": "modal", "blocks": [section()]}, "/view"),
    "input without submit": ({"type": "modal", "title": text("Migrate"), "blocks": [asks(TEXT_INPUT)]}, "/view"),
    "submit of 25": (modal(section(), submit=text("s" * 25)), "/view/submit/text"),
    "close of 25": (modal(section(), close=text("c" * 25)), "/view/close/text"),
    "private_metadata of 3001": (modal(section(), private_metadata="m" * 3001), "/view/private_metadata"),
    "callback_id of 256": (modal(section(), callback_id="c" * 256), "/view/callback_id"),
    "external_id of 256": (modal(section(), external_id="e" * 256), "/view/external_id"),
    "home with a title": ({"type": "home", "title": text("Home"), "blocks": [section()]}, "/view"),
    "unknown view": ({"type": "workflow_step", "blocks": []}, "/view/type"),
    "table in a modal": (modal(table()), "/view/blocks/0/type"),
    "250 KB": (modal(*[section(text=mrkdwn("t" * 3000)) for _ in range(90)]), "/view"),
    "unknown property": (modal(section(), colour="red"), "/view"),
}


@pytest.mark.parametrize("kind", INVALID)
def test_an_invalid_payload_is_refused_at_its_place(kind: str) -> None:
    surface, blocks, pointer = INVALID[kind]
    assert pointer in {problem.pointer for problem in validate(blocks, surface)}


@pytest.mark.parametrize("kind", INVALID_VIEWS)
def test_an_invalid_view_is_refused_at_its_place(kind: str) -> None:
    view, pointer = INVALID_VIEWS[kind]
    assert pointer in {problem.pointer for problem in validate_view(view)}


def test_what_slack_takes_passes_at_its_limits() -> None:
    assert validate(VALID_MESSAGE, "message") == ()
    assert validate_view(VALID_MODAL) == ()
    assert validate_view({"type": "home", "blocks": [section(), table()], "callback_id": "home"}) == ()


def test_one_error_gives_one_problem() -> None:
    for kind, (surface, blocks, _) in INVALID.items():
        if kind not in ("emoji on mrkdwn", "min over max", "duplicate block_id", "duplicate action_id in one block"):
            assert len(validate(blocks, surface)) == 1, kind


def test_a_message_needs_its_fallback_text() -> None:
    assert [problem.pointer for problem in validate_message({"blocks": [section()]})] == ["/text"]
    assert validate_message({"text": "x" * 4000, "blocks": [section()]}) == ()
    assert [problem.pointer for problem in validate_message({"text": "x" * 4001})] == ["/text"]
    assert [problem.pointer for problem in validate_message({"text": "x", "blocks": [table(101)]})] == ["/blocks/0/rows"]


def test_a_problem_reads_as_slack_writes_it() -> None:
    (problem,) = validate([section(text=mrkdwn("t" * 3001))], "message")
    assert str(problem) == "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"


def parts(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from parts(each, (*at, key))


def replaced(value: Any, at: tuple[str | int, ...], new: Any) -> Any:
    if not at:
        return new
    value = copy.copy(value)
    value[at[0]] = replaced(value[at[0]], at[1:], new)
    return value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "options"]) | st.text(), inner),
    max_leaves=5,
)


@given(st.sampled_from(list(parts(VALID_MODAL))), JSON)
def test_no_json_makes_the_validator_raise(at: tuple[str | int, ...], new: Any) -> None:
    validate_view(replaced(VALID_MODAL, at, new))
    validate(new, "message")
    validate(new, "home")


SMALL: list[Json] = [block for block in VALID_MESSAGE if block["type"] != "table"] + [table()]


@given(st.sampled_from(list(parts(SMALL))[1:]), JSON)
def test_no_json_in_a_message_makes_the_validator_raise(at: tuple[str | int, ...], new: Any) -> None:
    validate(replaced(SMALL, at, new), "message")
