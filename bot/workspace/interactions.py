"""What a person does with the app: commands, clicks, submissions. Builds Slack's payloads and acts on the acknowledgement.

Payloads: docs.slack.dev/interactivity/implementing-slash-commands, /reference/interaction-payloads/block_actions-payload and
/view-interactions-payload.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.blocks.validate import validate_view
from bot.workspace import inputs
from bot.workspace.blocks import find
from bot.workspace.delivery import Delivery
from bot.workspace.log import Log
from bot.workspace.people import APP, TEAM, TEAM_DOMAIN, Channel, User
from bot.workspace.posting import Posting
from bot.workspace.response_url import ResponseUrls
from bot.workspace.state import State
from bot.workspace.views import Shown
from bot.workspace.wire import ApiError, Json, NotAckedError


@dataclass(frozen=True, slots=True)
class Interactions:
    """A person's side of interactivity."""

    state: State
    delivery: Delivery
    posting: Posting
    replies: ResponseUrls
    log: Log

    async def command(self, user: User, channel: Channel, command: str, text: str) -> Json:
        """Runs a slash command; the acknowledgement's text is shown to the person (ephemeral unless `in_channel`)."""
        payload: Json = {
            "token": "local",
            "team_id": user.team,
            "team_domain": TEAM_DOMAIN,
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.is_im else channel.name,
            "user_id": user.id,
            "user_name": user.handle,
            "command": command,
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": self.replies.address(self.state.reply_address(user.id, channel.id)),
            "trigger_id": self.state.trigger(user.id),
        }
        answer = await self.delivery.ask("slash_commands", payload)
        if answer and (answer.get("text") or answer.get("blocks")):
            self.replies.say(user.id, channel, answer)
        return {"ack": answer}

    async def click(self, user: User, channel: Channel, ts: str, asked: Json) -> Json:
        """Acts on an element of a message; `asked` names it by action_id (and block_id) and may carry a value."""
        message = self.state.message(channel, ts, user=user.id)
        block, element = _element(message.get("blocks", []), asked)
        held = self.state.inputs.setdefault((user.id, channel.id, ts), {})
        action = self._action(block, element, asked, held)
        is_ephemeral = "ephemeral_for" in message
        thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
        container = {"type": "message", "message_ts": ts, "channel_id": channel.id, "is_ephemeral": is_ephemeral, **thread}
        reply = self.state.reply_address(user.id, channel.id, ts)
        payload = {
            **self._common("block_actions", user),
            "container": container,
            "trigger_id": self.state.trigger(user.id),
            "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
            **({} if is_ephemeral else {"message": self.state.wire(message)}),
            "state": {"values": _message_values(message, held)},
            "response_url": self.replies.address(reply),
            "actions": [action],
        }
        await self.delivery.ask("interactive", payload)
        return {}

    async def click_in_view(self, user: User, shown: Shown, asked: Json) -> Json:
        """Acts on an element of a modal or a home tab."""
        block, element = _element(shown.wire["blocks"], asked)
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise ApiError("action_not_found")
        action = self._action(block, element, asked, shown.values)
        payload = {
            **self._common("block_actions", user),
            "container": {"type": "view", "view_id": shown.wire["id"]},
            "trigger_id": self.state.trigger(user.id),
            "view": self._with_state(shown),
            "actions": [action],
        }
        await self.delivery.ask("interactive", payload)
        return {}

    def fill(self, shown: Shown, given: Mapping[str, object]) -> None:
        """Puts values into the inputs of a view; keys are block ids or action ids."""
        for key, value in given.items():
            found = find(shown.wire["blocks"], key)
            if found is None:
                raise ApiError("no_such_input", input=key)
            block, element = found
            state = inputs.entered(element, value, self.state.files, self.state.users)
            shown.values.setdefault(block["block_id"], {})[element["action_id"]] = state

    async def submit(self, user: User, shown: Shown) -> Json:
        """Submits a modal; the answer is what the person sees: `errors` by block id, or what became of the view."""
        if shown.wire["submit"] is None:
            raise ApiError("no_submit")
        values = inputs.values(shown.wire, shown.values)
        shown.errors = inputs.incomplete(shown.wire, values)
        if shown.errors:
            self._shown(user)
            return {"errors": shown.errors}
        payload = {
            **self._common("view_submission", user),
            "trigger_id": self.state.trigger(user.id),
            "view": self._with_state(shown),
            "response_urls": [],
        }
        answer = await self.delivery.ask("interactive", payload) or {}
        result = self._respond(user, shown, answer)
        self._shown(user)
        return result

    async def close(self, user: User, shown: Shown, *, everything: bool) -> Json:
        """Closes the top modal, or all of them; the app hears of it when it asked to (notify_on_close)."""
        stack = self.state.views.stacks.get(user.id, [])
        gone = list(stack) if everything or shown.wire["clear_on_close"] else stack[stack.index(shown) :]
        self.state.views.pop(gone[0])
        self._shown(user)
        for each in reversed(gone):
            if each.wire["notify_on_close"]:
                view = self._with_state(each)
                payload = {**self._common("view_closed", user), "view": view, "is_cleared": everything}
                with suppress(NotAckedError):  # the modal is gone either way; the log has it
                    await self.delivery.ask("interactive", payload)
        return {}

    def _respond(self, user: User, shown: Shown, answer: Json) -> Json:
        """Does what a view_submission was acknowledged with."""
        action = answer.get("response_action")
        if action is None:
            self.state.views.pop(shown)
            return {}
        if action == "clear":
            self.state.views.clear(user.id)
            return {"response_action": "clear"}
        if action == "errors":
            return self._errors(shown, answer.get("errors"))
        problems = validate_view(answer.get("view"))
        if problems or action not in ("update", "push"):
            return self._broken("view_submission was acknowledged with a view that Slack refuses", *map(str, problems))
        if action == "update":
            self.state.views.replace(shown, answer["view"])
        else:
            self.state.views.push(user.id, answer["view"])
        return {"response_action": action}

    def _errors(self, shown: Shown, errors: object) -> Json:
        known = {block["block_id"] for block in shown.wire["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not errors.keys() <= known:
            return self._broken("view_submission was acknowledged with errors that belong to no input block", str(errors))
        shown.errors = {str(key): str(value) for key, value in errors.items()}
        return {"errors": shown.errors}

    def _broken(self, what: str, *sentences: str) -> Json:
        self.log.problem(what, messages=list(sentences))
        raise ApiError("invalid_response", what=what, messages=list(sentences))

    def _shown(self, user: User) -> None:
        top = self.state.views.top(user.id)
        self.state.changes.tell("modal", user=user.id, view=top.wire if top else None)

    def _with_state(self, shown: Shown) -> Json:
        return {**shown.wire, "state": {"values": inputs.values(shown.wire, shown.values)}}

    def _common(self, kind: str, user: User) -> Json:
        names = {"id": user.id, "username": user.handle, "name": user.handle, "team_id": user.team}
        team = {"id": user.team, "domain": TEAM_DOMAIN if user.team == TEAM else user.team.lower()}
        common: Json = {"type": kind, "user": names, "api_app_id": APP, "token": "local", "team": team}
        return {**common, "enterprise": None, "is_enterprise_install": False}

    def _action(self, block: Json, element: Json, asked: Json, held: dict[str, dict[str, Json]]) -> Json:
        """The entry of `actions`: what the element is, and what it holds now."""
        action: Json = {"action_id": element["action_id"], "block_id": block["block_id"], "type": element["type"]}
        if element["type"] == "button":
            more: Json = {key: element[key] for key in ("text", "value", "style", "confirm") if key in element}
        else:
            more = inputs.entered(element, asked.get("value"), self.state.files, self.state.users)
            held.setdefault(block["block_id"], {})[element["action_id"]] = more
        return {**action, **more, "action_ts": self.state.ts()}


def _element(blocks: list[Json], asked: Json) -> tuple[Json, Json]:
    """The element a person means. `asked["element"]` is one seen earlier and no longer there: an old card on another screen."""
    if isinstance(asked.get("element"), dict):
        element: Json = asked["element"]
        return {"type": "actions", "block_id": str(asked.get("block_id") or "gone"), "elements": [element]}, element
    found = find(blocks, str(asked.get("action_id")), asked.get("block_id"))
    if found is None:
        raise ApiError("action_not_found")
    return found


def _message_values(message: Json, held: Mapping[str, Mapping[str, Json]]) -> Json:
    return inputs.values({"blocks": message.get("blocks", [])}, held)


def not_acked(error: NotAckedError) -> ApiError:
    """What the person is told when the app did not answer: Slack's page says that the app took too long."""
    return ApiError(
        "operation_timeout" if error.reason in ("timeout", "http_timeout") else "dispatch_failed", reason=error.reason
    )
