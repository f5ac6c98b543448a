"""`/api/<method>` as slack_sdk calls it: GET or POST, arguments in the query, in JSON or in a form, a bearer token."""

import asyncio
import hmac
import json
import time
from typing import Final

from aiohttp import web

from bot.workspace.faults import Fault, Faults
from bot.workspace.log import Call, Log
from bot.workspace.web_api import METHODS
from bot.workspace.web_api.context import Args, Context
from bot.workspace.wire import ApiError, Json

_JSON: Final = ("blocks", "view", "attachments", "metadata", "files")  # arguments that forms carry as JSON text
_APP_TOKEN: Final = frozenset({"apps.connections.open"})


class WebApi:
    """Checks the token, lets faults strike, runs the method, and logs the call."""

    def __init__(self, context: Context, faults: Faults, log: Log, *, bot_token: str, app_token: str) -> None:
        self._context, self._faults, self._log = context, faults, log
        self._bot_token, self._app_token = bot_token, app_token

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/api/{method}", self._handle)]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method, start = request.match_info["method"], time.perf_counter()
        args = await _args(request)
        call = self._log.call(method, time.time(), args or {})
        try:
            if args is None:
                call.error = "invalid_json"
                return web.json_response({"ok": False, "error": "invalid_json"})
            return await self._answered(request, method, args, call)
        finally:
            call.ms = (time.perf_counter() - start) * 1_000

    async def _answered(self, request: web.Request, method: str, args: Args, call: Call) -> web.StreamResponse:
        before = self._faults.take(method, "rate_limit", "refuse", "status", "drop_before", "slow")
        if before is not None:
            call.fault = before.kind
            refusal = await _strike(before, request, call)
            if refusal is not None:
                return refusal
        answer = self._run(request, method, args)
        call.ok, call.error = answer["ok"], answer.get("error")
        if self._faults.take(method, "drop") is not None:
            call.fault = "drop"
            _close(request)
        return web.json_response(answer)

    def _run(self, request: web.Request, method: str, args: Args) -> Json:
        try:
            if method not in METHODS:
                raise ApiError("unknown_method", req_method=method)
            self._authorise(_token(request, args), method)
            return {"ok": True, **METHODS[method](self._context, args)}
        except ApiError as error:
            return error.answer()

    def _authorise(self, token: str, method: str) -> None:
        if not token:
            raise ApiError("not_authed")
        is_bot, is_app = hmac.compare_digest(token, self._bot_token), hmac.compare_digest(token, self._app_token)
        if not is_bot and not is_app:
            raise ApiError("invalid_auth")
        if is_app != (method in _APP_TOKEN):
            raise ApiError("not_allowed_token_type")


def _token(request: web.Request, args: Args) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else str(args.get("token") or "")


async def _args(request: web.Request) -> Json | None:
    """Query and body together, what a form carries as JSON text is read; None when the body is no JSON object."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        body = _read(await request.text() or "{}")
        return {**args, **body} if isinstance(body, dict) else None
    if request.method == "POST":
        args |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    return {key: _read(value) if key in _JSON else value for key, value in args.items()}


def _read(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


async def _strike(fault: Fault, request: web.Request, call: Call) -> web.StreamResponse | None:
    """What the fault answers instead of the method; None when it only delays."""
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return None
    if fault.kind == "drop_before":
        _close(request)
    if fault.kind == "status":
        call.error = str(fault.status)
        return web.Response(status=fault.status, text="upstream connect error")
    if fault.kind == "rate_limit":
        call.error = "ratelimited"
        headers = {"Retry-After": str(max(1, round(fault.seconds)))}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
    call.error = fault.error
    return web.json_response({"ok": False, "error": fault.error})


def _close(request: web.Request) -> None:
    """Closes the connection; whatever is answered after that never arrives."""
    if request.transport is not None:
        request.transport.abort()
