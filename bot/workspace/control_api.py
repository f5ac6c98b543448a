"""The endpoints under `/workspace/` that nobody's Slack has: the log, and everything that can be made to go wrong.

GET    /workspace/log?after=NUMBER  {calls: [...], sent: [...], problems: [...], last}; entries as in log.py, those after NUMBER
GET    /workspace/faults            {faults: [...]}
POST   /workspace/faults            a fault as in faults.py: {kind, method?, times?, share?, ...}
DELETE /workspace/faults            clears them
POST   /workspace/disconnect        {reason: refresh_requested | warning | link_disabled}: Socket Mode connections are told to go;
                                    {reason: cut}: they are closed without a word; {reason: mute}: they stay, but are dead
POST   /workspace/channel           {channel, archived?: bool, bot?: bool, name?}: archive, rename, kick or invite the bot
POST   /workspace/delete            {channel, ts}: a message is deleted behind the app's back
POST   /workspace/people            {id, name, deleted?, team?}: adds a person, or changes one
"""

from dataclasses import asdict, dataclass

from aiohttp import web

from bot.workspace.delivery import Delivery
from bot.workspace.faults import KINDS, Fault, Faults
from bot.workspace.log import Log
from bot.workspace.page_api import answering
from bot.workspace.people import BOT_USER, TEAM, User
from bot.workspace.posting import Posting
from bot.workspace.sockets import Sockets
from bot.workspace.state import State
from bot.workspace.wire import ApiError, Json, refused

_FIELDS = frozenset(Fault.__dataclass_fields__)


@dataclass(slots=True)
class ControlApi:
    """Faults and the log over HTTP, so that they work on a workspace in another process."""

    state: State
    posting: Posting
    sockets: Sockets
    delivery: Delivery
    faults: Faults
    log: Log

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/workspace/log", self._log),
            web.get("/workspace/faults", self._faults),
            web.delete("/workspace/faults", self._clear),
            web.post("/workspace/faults", answering(self._fault)),
            web.post("/workspace/disconnect", answering(self._disconnect)),
            web.post("/workspace/channel", answering(self._channel)),
            web.post("/workspace/delete", answering(self._delete)),
            web.post("/workspace/people", answering(self._person)),
        ]

    async def _log(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True, **self.log.wire(int(request.query.get("after", "0")))})

    async def _faults(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "faults": [asdict(fault) for fault in self.faults.active]})

    async def _clear(self, request: web.Request) -> web.Response:
        self.faults.clear()
        return web.json_response({"ok": True})

    async def _fault(self, asked: Json) -> Json:
        if asked.get("kind") not in KINDS or not asked.keys() <= _FIELDS:
            raise refused("invalid_arguments", f"kind is one of {', '.join(KINDS)}; fields are {', '.join(sorted(_FIELDS))}")
        return {"fault": asdict(self.faults.add(Fault(**asked)))}

    async def _disconnect(self, asked: Json) -> Json:
        reason = str(asked.get("reason", "refresh_requested"))
        if reason == "mute":
            self.sockets.mute()
        elif reason == "cut":
            await self.sockets.cut()
        else:
            await self.sockets.disconnect(reason)
        return {}

    async def _channel(self, asked: Json) -> Json:
        channel = self.state.channel(str(asked.get("channel")))
        channel.is_archived = bool(asked.get("archived", channel.is_archived))
        channel.name = str(asked.get("name", channel.name))
        has_bot = BOT_USER in channel.members
        if asked.get("bot", has_bot) and not has_bot:
            channel.members.append(BOT_USER)
        if not asked.get("bot", has_bot) and has_bot:
            channel.members.remove(BOT_USER)
        self.state.changes.tell("channel", channel=channel.id)
        return {"channel": channel.wire()}

    async def _delete(self, asked: Json) -> Json:
        channel, ts = self.state.channel(str(asked.get("channel"))), str(asked.get("ts"))
        if ts not in channel.messages:
            raise ApiError("message_not_found")
        self.posting.delete(channel, ts)
        return {}

    async def _person(self, asked: Json) -> Json:
        user_id, name = str(asked.get("id", "")), str(asked.get("name", ""))
        if not user_id.startswith("U"):
            raise refused("invalid_arguments", "id has to start with U")
        user = self.state.users.get(user_id) or self.state.add_user(User(id=user_id, name=name or user_id))
        user.name = name or user.name
        user.deleted, user.team = bool(asked.get("deleted", user.deleted)), str(asked.get("team", user.team or TEAM))
        self.state.changes.tell("users")
        return {"user": user.wire()}
