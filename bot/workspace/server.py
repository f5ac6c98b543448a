"""The local workspace: a small Slack on 127.0.0.1 that speaks the Web API, Socket Mode and signed HTTP.

The bot connects to it unchanged: `AsyncWebClient(token=workspace.bot_token, base_url=workspace.base_url)`. slack_sdk takes a
proxy from the environment even for 127.0.0.1, so HTTP_PROXY and HTTPS_PROXY have to be unset where it runs.
"""

import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from bot.workspace.control_api import ControlApi
from bot.workspace.delivery import Delivery
from bot.workspace.events import SUBSCRIBED, Events
from bot.workspace.faults import Faults
from bot.workspace.file_http import FileHttp
from bot.workspace.files import Files
from bot.workspace.interactions import Interactions
from bot.workspace.log import Log
from bot.workspace.page_api import PageApi
from bot.workspace.people import GENERAL, Channel
from bot.workspace.person import Person
from bot.workspace.posting import Posting
from bot.workspace.response_url import ResponseUrls
from bot.workspace.signed_http import SignedHttp
from bot.workspace.sockets import Sockets
from bot.workspace.state import State
from bot.workspace.talking import Talking
from bot.workspace.tasks import Tasks
from bot.workspace.web_api.context import Context
from bot.workspace.web_api.handler import WebApi

_HOST: Final = "127.0.0.1"
_LARGEST_BODY: Final = 16 * 1024 * 1024
_PAGE: Final = Path(__file__).parent / "page" / "dist"


class Workspace:
    """A running local workspace; `await Workspace.start()` makes one, `await stop()` ends it."""

    def __init__(self, folder: Path, session: aiohttp.ClientSession, clock: Callable[[], float]) -> None:
        self.bot_token = f"xoxb-local-{secrets.token_hex(12)}"
        self.app_token = f"xapp-local-{secrets.token_hex(12)}"
        self.signing_secret = secrets.token_hex(16)
        self.url = ""
        self.log, self.faults, self.sockets, self.tasks = Log(), Faults(), Sockets(), Tasks()
        self.state = State(files=Files(folder), clock=clock)
        self.delivery = Delivery(self.log, self.faults, self.tasks, self.sockets)
        self.events = Events(self.state, self.delivery, SUBSCRIBED)
        self.posting = Posting(self.state, self.events)
        self._session = session
        self._ends = AsyncExitStack()

    @classmethod
    async def start(cls, port: int = 0, *, clock: Callable[[], float] = time.time) -> Self:
        """Listens on 127.0.0.1 at `port` (0: any free one) and returns when it does."""
        async with AsyncExitStack() as ends:
            folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="workspace-")))
            session = await ends.enter_async_context(aiohttp.ClientSession())
            workspace = cls(folder, session, clock)
            await workspace._listen(port, ends)
            ends.push_async_callback(workspace.tasks.close)
            workspace._ends = ends.pop_all()
        return workspace

    @property
    def base_url(self) -> str:
        """The Web API address for slack_sdk, with the slash at its end."""
        return f"{self.url}/api/"

    async def stop(self) -> None:
        """Ends deliveries, closes connections, removes files."""
        await self._ends.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    def person(self, user: str) -> Person:
        """The hands of a user of this workspace (people.REQUESTER, ...)."""
        return Person(self.url, user, self._session)

    async def use_http(self, request_url: str) -> None:
        """From now on deliveries are posted to this address, once it answered the challenge (ValueError when it does not)."""
        transport = SignedHttp(request_url, self.signing_secret, self._session)
        await transport.verify(self.delivery.ack_seconds)
        self.delivery.transport = transport

    def general(self) -> Channel:
        return self.state.channels[GENERAL]

    async def _listen(self, port: int, ends: AsyncExitStack) -> None:
        app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[_only_from_here])
        runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None, handler_cancellation=True)
        replies = ResponseUrls(self.state, self.posting)
        app.on_shutdown.append(self._say_goodbye)
        self._routes(app, replies)
        await runner.setup()
        ends.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, _HOST, port)
        await site.start()
        self.url = f"http://{_HOST}:{runner.addresses[0][1]}"
        self.state.files.base = replies.base = self.context.base = self.url

    def _routes(self, app: web.Application, replies: ResponseUrls) -> None:
        self.context = Context(self.state, self.posting, self.sockets, "")
        interactions = Interactions(self.state, self.delivery, self.posting, replies, self.log)
        talking = Talking(self.state, self.events)
        api = WebApi(self.context, self.faults, self.log, bot_token=self.bot_token, app_token=self.app_token)
        control = ControlApi(self.state, self.posting, self.sockets, self.delivery, self.faults, self.log)
        files = FileHttp(self.state.files, self.state.channels, self.bot_token)
        page = PageApi(self.state, interactions, talking)
        for part in (api, self.sockets, replies, files, page, control):
            app.add_routes(part.routes())
        _add_page(app)
        for user in [user for user in self.state.users.values() if not user.is_bot]:
            self.state.direct([user.id])

    async def _say_goodbye(self, app: web.Application) -> None:
        self.state.changes.close()
        await self.sockets.cut()


def _add_page(app: web.Application) -> None:
    async def index(request: web.Request) -> web.StreamResponse:
        if not (_PAGE / "index.html").is_file():
            return web.Response(text="The local workspace is running. Its page is not part of this installation.")
        return web.FileResponse(_PAGE / "index.html")

    app.router.add_get("/", index)
    if _PAGE.is_dir():
        app.router.add_static("/", _PAGE)


@web.middleware
async def _only_from_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuses what other sites make a browser send: a foreign Origin, or a Host name that was made to point here."""
    host = urlsplit(f"//{request.host}").hostname
    origin = request.headers.get("Origin")
    if host not in (_HOST, "localhost") or (origin is not None and urlsplit(origin).netloc != request.host):
        return web.Response(status=403, text="The local workspace answers only pages of its own.")
    return await handler(request)
