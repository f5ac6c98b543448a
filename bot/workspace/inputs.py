"""The `state.values` of views and messages: what each input holds, as Slack reports it.

Source: docs.slack.dev/reference/interaction-payloads/view-interactions-payload and /reference/block-kit/block-elements.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from bot.workspace.blocks import elements
from bot.workspace.files import Files
from bot.workspace.people import User
from bot.workspace.wire import ApiError, Json

_REQUIRED: Final = "Please complete this required field."
# element type -> (property of the element with its initial value, property of the state)
_PLAIN: Final = {
    "plain_text_input": ("initial_value", "value"),
    "email_text_input": ("initial_value", "value"),
    "url_text_input": ("initial_value", "value"),
    "number_input": ("initial_value", "value"),
    "users_select": ("initial_user", "selected_user"),
    "channels_select": ("initial_channel", "selected_channel"),
    "conversations_select": ("initial_conversation", "selected_conversation"),
    "datepicker": ("initial_date", "selected_date"),
    "timepicker": ("initial_time", "selected_time"),
}
_ONE: Final = ("static_select", "radio_buttons", "overflow")
_SEVERAL: Final = ("multi_static_select", "checkboxes")


def entered(element: Json, value: object, files: Files, users: Mapping[str, User]) -> Json:
    """The state of one input after a person put `value` in it: a text, an option's value or several, a user id or several,
    or file ids. Refuses what Slack's own page would not let a person choose."""
    kind: str = element["type"]
    if kind in _PLAIN:
        if kind == "users_select" and value is not None and value not in users:
            raise ApiError("no_such_choice", value=value)
        return {"type": kind, _PLAIN[kind][1]: None if value in (None, "") else str(value)}
    if kind in _ONE:
        return {"type": kind, "selected_option": None if value is None else _option(element, value)}
    if kind in _SEVERAL:
        return {"type": kind, "selected_options": [_option(element, each) for each in _list(value)]}
    if kind == "multi_users_select":
        return {"type": kind, "selected_users": _people(_list(value), users)}
    if kind == "file_input":
        return {"type": kind, "files": [files.wire(files.get(str(each))) for each in _list(value)]}
    raise ApiError("not_an_input", type=kind)


def values(view: Json, chosen: Mapping[str, Mapping[str, Json]]) -> dict[str, dict[str, Json]]:
    """The state of every input of a view: what the person chose, else what the app put there."""
    found: dict[str, dict[str, Json]] = {}
    for block in view["blocks"]:
        for element in elements(block):
            if element["type"] not in ("button", "overflow"):
                state = chosen.get(block["block_id"], {}).get(element["action_id"]) or initial(element)
                found.setdefault(block["block_id"], {})[element["action_id"]] = state
    return found


def initial(element: Json) -> Json:
    """The state of an input nobody touched."""
    kind: str = element["type"]
    if kind in _PLAIN:
        return {"type": kind, _PLAIN[kind][1]: element.get(_PLAIN[kind][0])}
    if kind in _ONE:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in _SEVERAL:
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind == "multi_users_select":
        return {"type": kind, "selected_users": element.get("initial_users", [])}
    return {"type": kind, "files": []}


def incomplete(view: Json, state: Mapping[str, Mapping[str, Json]]) -> dict[str, str]:
    """What Slack's page says by itself before it submits: block_id -> sentence."""
    return {block["block_id"]: said for block, said in _complaints(view, state) if said}


def _complaints(view: Json, state: Mapping[str, Mapping[str, Json]]) -> Iterator[tuple[Json, str]]:
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            held = state[block["block_id"]][element["action_id"]]
            content = next((value for key, value in held.items() if key != "type"), None)
            if not content:
                yield block, "" if block.get("optional") else _REQUIRED
            elif isinstance(content, str):
                yield block, _length(element, content)


def _length(element: Json, text: str) -> str:
    low, high = element.get("min_length", 0), element.get("max_length", 3_000)
    if len(text) < low:
        return f"Please enter at least {low} characters."
    return f"Please enter at most {high} characters." if len(text) > high else ""


def _option(element: Json, value: object) -> Json:
    groups = element.get("option_groups") or [element]
    for option in [option for group in groups for option in group.get("options", [])]:
        if option["value"] == value:
            return dict(option)
    raise ApiError("no_such_choice", value=value)


def _people(chosen: list[object], users: Mapping[str, User]) -> list[str]:
    for user in chosen:
        if user not in users:
            raise ApiError("no_such_choice", value=user)
    return [str(user) for user in chosen]


def _list(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
