"""Every limit of Slack's reference pages, at its edge: exactly that many pass, one more is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.blocks.validate import validate, validate_message, validate_view
from tests.bot.blocks.test_validate import TEXT_INPUT, Json, actions, asks, button, modal, mrkdwn, option, section, table, text

Make = Callable[[int], Any]
PICTURE: Json = {"type": "image", "image_url": "http://127.0.0.1/a.png", "alt_text": "a"}


def message(make: Make) -> Make:
    return lambda n: validate(make(n), "message")


def view(make: Make) -> Make:
    return lambda n: validate_view(make(n))


def confirm(**more: Json) -> list[Json]:
    asked = {name: text("Sure?") for name in ("title", "text", "confirm", "deny")}
    return [actions(button(confirm={**asked, **more}))]


def select(*options: Json, **more: object) -> Json:
    return {"type": "static_select", **({"options": list(options)} if options else {}), **more}


def group(n: int) -> Json:
    return {"label": text("g" * n), "options": [option()]}


EDGES: dict[str, tuple[int, Make]] = {
    "blocks of a message": (50, message(lambda n: [{"type": "divider"}] * n)),
    "blocks of a modal": (100, view(lambda n: modal(*[{"type": "divider"}] * n))),
    "blocks of a home": (100, lambda n: validate([{"type": "divider"}] * n, "home")),
    "block_id": (255, message(lambda n: [{"type": "divider", "block_id": "b" * n}])),
    "action_id": (255, message(lambda n: [actions(button(action_id="a" * n))])),
    "section text": (3000, message(lambda n: [section(text=mrkdwn("t" * n))])),
    "fields": (10, message(lambda n: [{"type": "section", "fields": [mrkdwn("f")] * n}])),
    "field": (2000, message(lambda n: [{"type": "section", "fields": [mrkdwn("f" * n)]}])),
    "header": (150, message(lambda n: [{"type": "header", "text": text("h" * n)}])),
    "context elements": (10, message(lambda n: [{"type": "context", "elements": [mrkdwn("c")] * n}])),
    "context text": (3000, message(lambda n: [{"type": "context", "elements": [mrkdwn("c" * n)]}])),
    "context plain text": (3000, message(lambda n: [{"type": "context", "elements": [text("c" * n)]}])),
    "actions": (25, message(lambda n: [actions(*[button(action_id=str(each)) for each in range(n)])])),
    "image url": (3000, message(lambda n: [{**PICTURE, "image_url": "u" * n}])),
    "image url of an element": (3000, message(lambda n: [section(accessory={**PICTURE, "image_url": "u" * n})])),
    "alt text": (2000, message(lambda n: [{**PICTURE, "alt_text": "a" * n}])),
    "alt text of an element": (2000, message(lambda n: [section(accessory={**PICTURE, "alt_text": "a" * n})])),
    "image title": (2000, message(lambda n: [{**PICTURE, "title": text("t" * n)}])),
    "input label": (2000, view(lambda n: modal(asks(TEXT_INPUT, label=text("l" * n))))),
    "input hint": (2000, view(lambda n: modal(asks(TEXT_INPUT, hint=text("h" * n))))),
    "markdown": (12000, message(lambda n: [{"type": "markdown", "text": "m" * n}])),
    "markdown together": (12000, message(lambda n: [{"type": "markdown", "text": "m" * part} for part in (6000, n - 6000)])),
    "table rows": (100, message(lambda n: [table(n, 1)])),
    "table cells": (20, message(lambda n: [table(1, n)])),
    "table characters": (10000, message(lambda n: [table(1, 1, "c" * n)])),
    "table characters together": (
        10000,
        message(lambda n: [{"type": "table", "rows": [[text("c" * 9990, "raw_text")], [text("c" * (n - 9990), "raw_text")]]}]),
    ),
    "tables": (1, message(lambda n: [table() for _ in range(n)])),
    "column settings": (20, message(lambda n: [{**table(), "column_settings": [{"align": "right"}] * n}])),
    "rich text": (
        3000,
        message(
            lambda n: [
                {
                    "type": "rich_text",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "t" * n}]}],
                }
            ]
        ),
    ),
    "button text": (75, message(lambda n: [actions(button(text=text("b" * n)))])),
    "button value": (2000, message(lambda n: [actions(button(value="v" * n))])),
    "button url": (3000, message(lambda n: [actions(button(url="u" * n))])),
    "button label": (75, message(lambda n: [actions(button(accessibility_label="l" * n))])),
    "confirm title": (100, message(lambda n: confirm(title=text("t" * n)))),
    "confirm text": (300, message(lambda n: confirm(text=mrkdwn("t" * n)))),
    "confirm yes": (30, message(lambda n: confirm(confirm=text("y" * n)))),
    "confirm no": (30, message(lambda n: confirm(deny=text("n" * n)))),
    "options": (100, message(lambda n: [actions(select(*[option(each) for each in range(n)]))])),
    "option text": (75, message(lambda n: [actions(select(option(text=text("o" * n))))])),
    "option value": (150, message(lambda n: [actions(select(option(value="v" * n)))])),
    "option description": (75, message(lambda n: [actions(select(option(description=text("d" * n))))])),
    "option groups": (100, message(lambda n: [actions(select(option_groups=[group(1)] * n))])),
    "option group label": (75, message(lambda n: [actions(select(option_groups=[group(n)]))])),
    "checkboxes": (10, message(lambda n: [actions({"type": "checkboxes", "options": [option(each) for each in range(n)]})])),
    "checkbox description": (
        75,
        message(lambda n: [actions({"type": "checkboxes", "options": [option(description=mrkdwn("d" * n))]})]),
    ),
    "radio buttons": (
        10,
        message(lambda n: [actions({"type": "radio_buttons", "options": [option(each) for each in range(n)]})]),
    ),
    "overflow": (5, message(lambda n: [actions({"type": "overflow", "options": [option(each) for each in range(n)]})])),
    "placeholder": (150, message(lambda n: [actions(select(option(), placeholder=text("p" * n)))])),
    "initial value": (3000, view(lambda n: modal(asks({**TEXT_INPUT, "initial_value": "i" * n})))),
    "max_length": (3000, view(lambda n: modal(asks({**TEXT_INPUT, "max_length": n})))),
    "files": (10, view(lambda n: modal(asks({"type": "file_input", "max_files": n})))),
    "title": (24, view(lambda n: modal(section(), title=text("t" * n)))),
    "submit": (24, view(lambda n: modal(section(), submit=text("s" * n)))),
    "close": (24, view(lambda n: modal(section(), close=text("c" * n)))),
    "callback_id": (255, view(lambda n: modal(section(), callback_id="c" * n))),
    "external_id": (255, view(lambda n: modal(section(), external_id="e" * n))),
    "private_metadata": (3000, view(lambda n: modal(section(), private_metadata="p" * n))),
    "message text": (4000, lambda n: validate_message({"text": "t" * n})),
}


@pytest.mark.parametrize("what", EDGES)
def test_exactly_the_limit_passes_and_one_more_does_not(what: str) -> None:
    limit, problems = EDGES[what]
    assert problems(limit) == ()
    assert len(problems(limit + 1)) == 1
