"""response_url: five answers within thirty minutes to whoever ran a command or clicked.

Source: docs.slack.dev/interactivity/handling-user-interaction#message_responses.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.workspace.people import Channel
from bot.workspace.posting import Posting
from bot.workspace.state import ReplyAddress, State
from bot.workspace.web_api.context import yes
from bot.workspace.wire import ApiError, Json


@dataclass(slots=True)
class ResponseUrls:
    """Takes what apps post to their response_urls; works in conversations the bot is not in."""

    state: State
    posting: Posting
    base: str = ""

    def address(self, token: str) -> str:
        return f"{self.base}/response/{token}"

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/response/{token}", self._receive)]

    def say(self, user: str, channel: Channel, answer: Mapping[str, object]) -> Json:
        """Shows an answer: to the person alone, unless it says `in_channel`."""
        if answer.get("response_type") == "in_channel":
            return self.posting.post(channel, answer)
        return self.posting.ephemeral(channel, user, answer)

    async def _receive(self, request: web.Request) -> web.Response:
        reply = self.state.replies.get(request.match_info["token"])
        if reply is None or self.state.clock() > reply.expires:
            return web.Response(status=404, text="expired_url")
        if reply.uses < 1:
            return web.Response(status=404, text="used_url")
        try:
            body = json.loads(await request.text())
            self._act(reply, body if isinstance(body, dict) else {})
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        except ApiError as error:
            return web.Response(status=404 if error.code == "message_not_found" else 400, text=error.code)
        reply.uses -= 1
        return web.Response(text="ok")

    def _act(self, reply: ReplyAddress, body: Json) -> None:
        channel = self.state.channel(reply.channel)
        if reply.message_ts is not None and yes(body, "delete_original"):
            self.state.message(channel, reply.message_ts, user=reply.user)
            self.posting.delete(channel, reply.message_ts)
        elif reply.message_ts is not None and yes(body, "replace_original"):
            message = self.state.message(channel, reply.message_ts, user=reply.user)
            self.posting.change(channel, message, body)
        else:
            self.say(reply.user, channel, body)
