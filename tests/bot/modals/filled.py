"""A form as Slack sends it back: what it opened with, and what a person filled in."""

from typing import Any


def submitted(view: dict[str, Any], **given: Any) -> dict[str, Any]:
    """The view of `view_submission`; `given` are texts, option values, lists of users or files, by field; None empties one."""
    return {
        **view,
        "state": {"values": {b["block_id"]: {"value": _state(b, given)} for b in view["blocks"] if b["type"] == "input"}},
    }


def _state(block: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    element, name = block["element"], block["block_id"]
    kind = element["type"]
    if kind == "plain_text_input":
        return {"type": kind, "value": given.get(name, element.get("initial_value"))}
    if kind in {"static_select", "radio_buttons"}:
        option = {"value": given[name]} if given.get(name) else element.get("initial_option")
        return {"type": kind, "selected_option": None if name in given and given[name] is None else option}
    if kind in {"checkboxes", "multi_static_select"}:
        chosen = [{"value": value} for value in given[name] or ()] if name in given else element.get("initial_options", [])
        return {"type": kind, "selected_options": chosen}
    if kind == "users_select":
        return {"type": kind, "selected_user": given.get(name, element.get("initial_user"))}
    if kind == "multi_users_select":
        return {"type": kind, "selected_users": given.get(name, element.get("initial_users", []))}
    return {"type": kind, "files": given.get(name, [])}
