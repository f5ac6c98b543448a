"""views.*: modals and home tabs, with their triggers, hashes and limits."""

import json
from collections.abc import Mapping
from typing import Final

from bot.blocks import limits
from bot.blocks.validate import validate_view
from bot.workspace.views import Shown
from bot.workspace.web_api.context import Args, Context, Method, needed
from bot.workspace.wire import ApiError, Json


def open_(context: Context, args: Args) -> Json:
    view = checked(args, "modal")
    user = context.state.use_trigger(needed(args, "trigger_id"))
    return _answer(context, context.state.views.open(user, view))


def push(context: Context, args: Args) -> Json:
    view = checked(args, "modal")
    user = context.state.use_trigger(needed(args, "trigger_id"))
    return _answer(context, context.state.views.push(user, view))


def update(context: Context, args: Args) -> Json:
    shown = context.state.views.find(view_id=args.get("view_id"), external_id=args.get("external_id"))
    view = checked(args, shown.wire["type"])
    _same_hash(args, shown)
    return _answer(context, context.state.views.replace(shown, view))


def publish(context: Context, args: Args) -> Json:
    user = context.state.user(needed(args, "user_id"))
    view = checked(args, "home")
    before = context.state.views.homes.get(user.id)
    if before is not None:
        _same_hash(args, before)
    return _answer(context, context.state.views.publish(user.id, view))


def checked(args: Args, kind: str) -> Json:
    """The view of a call, refused where Slack refuses it."""
    view = args.get("view")
    if not isinstance(view, dict) or view.get("type") != kind:
        raise _invalid(f"[ERROR] must be a view of type {kind} [json-pointer:/view/type]")
    if len(json.dumps(view).encode()) > limits.VIEW_BYTES:
        raise ApiError("view_too_large")
    problems = validate_view(view)
    if problems:
        raise _invalid(*map(str, problems))
    return view


def _invalid(*sentences: str) -> ApiError:
    return ApiError("invalid_arguments", response_metadata={"messages": list(sentences)})


def _same_hash(args: Args, shown: Shown) -> None:
    if args.get("hash") and args["hash"] != shown.wire["hash"]:
        raise ApiError("hash_conflict", view=shown.wire)


def _answer(context: Context, shown: Shown) -> Json:
    kind = "home" if shown.wire["type"] == "home" else "modal"
    context.state.changes.tell(kind, user=shown.user, view=shown.wire)
    return {"view": shown.wire}


METHODS: Final[Mapping[str, Method]] = {
    "views.open": open_,
    "views.push": push,
    "views.update": update,
    "views.publish": publish,
}
