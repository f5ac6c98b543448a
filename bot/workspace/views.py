"""Modals and home tabs: one stack of up to three modals a person, one home a person."""

import itertools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.blocks import limits
from bot.workspace.blocks import with_ids
from bot.workspace.people import APP, BOT, TEAM
from bot.workspace.wire import ApiError, Json

_KEPT = (
    "type",
    "title",
    "submit",
    "close",
    "private_metadata",
    "callback_id",
    "external_id",
    "clear_on_close",
    "notify_on_close",
)


@dataclass(slots=True, kw_only=True)
class Shown:
    """A view as one person sees it; `values` are the states of its inputs, `errors` what the app said about them."""

    user: str
    wire: Json
    values: dict[str, dict[str, Json]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


class Views:
    """The views that are open now."""

    def __init__(self) -> None:
        self.stacks: dict[str, list[Shown]] = {}
        self.homes: dict[str, Shown] = {}
        self._numbers = itertools.count(1)

    def open(self, user: str, view: Mapping[str, object]) -> Shown:
        """A new modal, instead of whatever modal the person had open (views.open)."""
        self._external_is_new(view)
        shown = self._shown(user, view)
        self.stacks[user] = [shown]
        return shown

    def push(self, user: str, view: Mapping[str, object]) -> Shown:
        """A modal on top of the person's others (views.push)."""
        stack = self.stacks.get(user, [])
        if not stack or len(stack) >= limits.VIEW_STACK:
            raise ApiError("push_limit_reached" if stack else "not_found")
        self._external_is_new(view)
        shown = self._shown(user, view)
        shown.wire["root_view_id"] = stack[0].wire["id"]
        shown.wire["previous_view_id"] = stack[-1].wire["id"]
        stack.append(shown)
        return shown

    def replace(self, shown: Shown, view: Mapping[str, object]) -> Shown:
        """New content for an open view; inputs whose block and action stay keep what the person typed (views.update)."""
        kept = {key: shown.wire[key] for key in ("id", "root_view_id", "previous_view_id")}
        shown.wire = {**self._wire(view), **kept}
        known = {(block["block_id"], element.get("action_id")) for block in shown.wire["blocks"] for element in _elements(block)}
        shown.values = {
            block: {action: value for action, value in actions.items() if (block, action) in known}
            for block, actions in shown.values.items()
        }
        shown.errors = {}
        return shown

    def publish(self, user: str, view: Mapping[str, object]) -> Shown:
        """The person's home tab (views.publish)."""
        shown = self._shown(user, view)
        self.homes[user] = shown
        return shown

    def find(self, *, view_id: str | None = None, external_id: str | None = None) -> Shown:
        """A view that is open now, by either of its ids."""
        for shown in [*itertools.chain(*self.stacks.values()), *self.homes.values()]:
            if shown.wire["id"] == view_id or (external_id and shown.wire["external_id"] == external_id):
                return shown
        raise ApiError("not_found")

    def top(self, user: str) -> Shown | None:
        stack = self.stacks.get(user)
        return stack[-1] if stack else None

    def pop(self, shown: Shown) -> None:
        """Closes a view and those above it."""
        stack = self.stacks.get(shown.user, [])
        if shown in stack:
            del stack[stack.index(shown) :]

    def clear(self, user: str) -> None:
        self.stacks.pop(user, None)

    def _external_is_new(self, view: Mapping[str, object]) -> None:
        external = view.get("external_id")
        if external and any(each.wire["external_id"] == external for stack in self.stacks.values() for each in stack):
            raise ApiError("duplicate_external_id")

    def _shown(self, user: str, view: Mapping[str, object]) -> Shown:
        return Shown(user=user, wire=self._wire(view))

    def _wire(self, view: Mapping[str, object]) -> Json:
        """The view object of docs.slack.dev/reference/views."""
        number = f"V0{next(self._numbers):09d}"
        defaults: Json = {
            "title": None,
            "submit": None,
            "close": None,
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
        }
        return {
            **defaults,
            "clear_on_close": False,
            "notify_on_close": False,
            **{key: view[key] for key in _KEPT if key in view},
            "id": number,
            "team_id": TEAM,
            "app_id": APP,
            "bot_id": BOT,
            "app_installed_team_id": TEAM,
            "blocks": with_ids(view["blocks"]),
            "hash": f"{next(self._numbers)}.{secrets.token_hex(4)}",
            "state": {"values": {}},
            "root_view_id": number,
            "previous_view_id": None,
        }


def _elements(block: Json) -> list[Json]:
    single = [block[name] for name in ("accessory", "element") if name in block]
    return [*single, *block.get("elements", [])]
