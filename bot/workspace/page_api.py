"""The endpoints under `/workspace/` that the browser page, the demo and tests act through as a person.

Every answer is JSON: `{"ok": true, ...}` or `{"ok": false, "error": code, ...}` with status 200, or 400 when the request is
malformed. `user` is a user id (U0REQUESTER, U0SME1, U0SME2, U0OWNER). A click, a command or a submission is answered once the
app acknowledged it; `operation_timeout` (three seconds) and `dispatch_failed` (no connection) mean that it did not.

GET  /workspace/state?user=U[&after=REVISION&wait=SECONDS]
     What U sees: {revision, team, me, bot, users: [user objects], channels, modal: view|null, home: view|null}.
     channels: [{id, name, kind: channel|group|im|mpim, is_archived, is_member, has_bot, members, pins: [ts], messages}];
     messages: Slack's message objects, in order of posting, thread replies among them (their thread_ts differs from their ts),
     each with `is_ephemeral`. A view is Slack's view object with `state.values` filled in, `errors` {block_id: sentence} and
     `depth` (1-3). With `after`, answers as soon as the revision is past it, or after `wait` seconds (at most 30).
GET  /workspace/events?user=U
     Server-sent events, one JSON object each, {type, revision, ...}: message {channel, ts, message}, message_deleted {channel,
     ts}, channel {channel}, modal {view|null}, home {view}, users {}; closed {} means: open the stream again and get the state.
POST /workspace/command  {user, channel, command: "/migrate", text}
     -> {ack}: what the app acknowledged with; a text in it is already there as a message
POST /workspace/say      {user, channel, text, thread_ts?}
     -> {message}; `@Ferry` becomes a mention
POST /workspace/files    multipart form: user, channel?, thread_ts?, text?, and after these one or more `file` parts
     -> {files: [file objects], message?}; without a channel the files are only stored, for a file_input
GET  /workspace/files/F  the bytes of a file, for the page
POST /workspace/click    {user, channel, ts, action_id, block_id?, value?} or {user, view_id, action_id, block_id?, value?}
     -> {}. `value`: option value(s), user id(s) or text; none for a button. `element` (with block_id): acts on an element
     seen earlier that is no longer there, as an old screen does
POST /workspace/fill     {user, view_id?, values: {block_id or action_id: value}}
     -> {}; keeps what was typed while a modal is open
POST /workspace/submit   {user, view_id?, values?}
     -> {} the modal closed, {response_action: update|push|clear}, or {errors: {block_id: sentence}}. Values: text, option
     value(s), user id(s), file ids. Without view_id: the topmost modal of the user
POST /workspace/close    {user, view_id?, all?}   -> {}
POST /workspace/home     {user}                   -> {home: view|null}: the person opens the app's Home tab (app_home_opened)
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiohttp import BodyPartReader, web

from bot.workspace.files import StoredFile
from bot.workspace.interactions import Interactions, not_acked
from bot.workspace.people import Channel, User
from bot.workspace.snapshot import snapshot
from bot.workspace.state import State, sleep_until_changed
from bot.workspace.talking import Talking
from bot.workspace.views import Shown
from bot.workspace.wire import ApiError, Json, NotAckedError

_LONGEST_WAIT: Final = 30.0
_KEEP_ALIVE: Final = 15.0
_CHUNK: Final = 1 << 16
# An uploaded page is shown without scripts and without the workspace's origin.
_NEVER_RUNS: Final = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
Action: TypeAlias = Callable[[Json], Awaitable[Json]]


@dataclass(slots=True)
class PageApi:
    """A person's side over HTTP."""

    state: State
    interactions: Interactions
    talking: Talking

    def routes(self) -> list[web.RouteDef]:
        acting: dict[str, Action] = {
            "command": self._command,
            "say": self._say,
            "click": self._click,
            "fill": self._fill,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
        }
        return [
            web.get("/workspace/state", self._state),
            web.get("/workspace/events", self._events),
            web.post("/workspace/files", self._upload),
            web.get("/workspace/files/{file}", self._download),
            *(web.post(f"/workspace/{name}", answering(action)) for name, action in acting.items()),
        ]

    async def _state(self, request: web.Request) -> web.Response:
        user = self.state.users.get(request.query.get("user", ""))
        if user is None:
            return web.json_response({"ok": False, "error": "user_not_found"})
        if "after" in request.query:
            wait = min(float(request.query.get("wait", "25")), _LONGEST_WAIT)
            await sleep_until_changed(self.state, int(request.query["after"]), wait)
        return web.json_response({"ok": True, **snapshot(self.state, user)})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        with self.state.changes.listening(request.query.get("user")) as news:
            while (piece := await _next(news)) is not None:
                await response.write(b": alive\n\n" if not piece else f"data: {json.dumps(piece)}\n\n".encode())
            await response.write(b'data: {"type": "closed"}\n\n')
        return response

    async def _command(self, asked: Json) -> Json:
        user, channel = self._user(asked), self._channel(asked)
        return await self.interactions.command(user, channel, asked.get("command", "/migrate"), asked.get("text", ""))

    async def _say(self, asked: Json) -> Json:
        user, channel = self._user(asked), self._channel(asked)
        return {"message": self.talking.say(user, channel, asked.get("text", ""), asked.get("thread_ts"))}

    async def _click(self, asked: Json) -> Json:
        user = self._user(asked)
        if asked.get("view_id"):
            shown = self.state.views.find(view_id=asked["view_id"])
            return await self.interactions.click_in_view(user, self._mine(user, shown), asked)
        return await self.interactions.click(user, self._channel(asked), str(asked.get("ts")), asked)

    async def _fill(self, asked: Json) -> Json:
        self.interactions.fill(self._modal(asked), asked.get("values") or {})
        return {}

    async def _submit(self, asked: Json) -> Json:
        shown = self._modal(asked)
        self.interactions.fill(shown, asked.get("values") or {})
        return await self.interactions.submit(self._user(asked), shown)

    async def _close(self, asked: Json) -> Json:
        return await self.interactions.close(self._user(asked), self._modal(asked), everything=bool(asked.get("all")))

    async def _home(self, asked: Json) -> Json:
        user = self._user(asked)
        shown = self.state.views.homes.get(user.id)
        view = shown.wire if shown else None
        self.talking.open_home(user, view)
        return {"home": view}

    async def _upload(self, request: web.Request) -> web.Response:
        fields: Json = {}
        files: list[StoredFile] = []
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            if part.filename is None:
                fields[str(part.name)] = await part.text()
            else:
                files.append(await self._stored(part, fields))
        return await answered(self._posted(fields, files))

    async def _stored(self, part: BodyPartReader, fields: Json) -> StoredFile:
        now = self.state.clock()
        file = self.state.files.new(name=str(part.filename), user=str(fields.get("user", "")), now=now)

        async def chunks() -> AsyncIterator[bytes]:
            while chunk := await part.read_chunk(_CHUNK):
                yield chunk

        await self.state.files.write(file, chunks())
        return file

    async def _posted(self, fields: Json, files: list[StoredFile]) -> Json:
        user = self._user(fields)
        answer: Json = {}
        if fields.get("channel"):
            message = self.talking.say(user, self._channel(fields), fields.get("text", ""), fields.get("thread_ts"), files)
            answer["message"] = message
        return {**answer, "files": [self.state.files.wire(file) for file in files]}

    async def _download(self, request: web.Request) -> web.StreamResponse:
        try:
            file = self.state.files.get(request.match_info["file"])
        except ApiError:
            return web.Response(status=404, text="file_not_found")
        kind = str(self.state.files.wire(file)["mimetype"])
        return web.FileResponse(file.path, headers={"Content-Type": kind, **_NEVER_RUNS})

    def _user(self, asked: Json) -> User:
        return self.state.user(str(asked.get("user")))

    def _channel(self, asked: Json) -> Channel:
        return self.state.channel(str(asked.get("channel")))

    def _modal(self, asked: Json) -> Shown:
        user = self._user(asked)
        shown = self.state.views.find(view_id=asked["view_id"]) if asked.get("view_id") else self.state.views.top(user.id)
        if shown is None or shown.wire["type"] != "modal":
            raise ApiError("no_modal")
        return self._mine(user, shown)

    def _mine(self, user: User, shown: Shown) -> Shown:
        if shown.user != user.id:
            raise ApiError("not_found")
        return shown


def answering(action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler that reads a JSON object and answers with what the action returns or refuses."""

    async def handle(request: web.Request) -> web.Response:
        try:
            asked = json.loads(await request.text() or "{}")
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            return web.json_response({"ok": False, "error": "invalid_json"}, status=400)
        return await answered(action(asked))

    return handle


async def answered(work: Awaitable[Json]) -> web.Response:
    try:
        return web.json_response({"ok": True, **await work})
    except ApiError as error:
        return web.json_response(error.answer())
    except NotAckedError as error:
        return web.json_response(not_acked(error).answer())


async def _next(news: asyncio.Queue[Json | None]) -> Json | None:
    """The next piece of news; an empty one when there was none for a while."""
    try:
        async with asyncio.timeout(_KEEP_ALIVE):
            return await news.get()
    except TimeoutError:
        return {}
