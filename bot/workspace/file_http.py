"""The addresses of files: where the app uploads to, and its private downloads behind the bearer token."""

import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from aiohttp import BodyPartReader, web

from bot.workspace.files import Files, StoredFile
from bot.workspace.people import BOT_USER, Channel
from bot.workspace.wire import ApiError

_CHUNK: Final = 1 << 16
_LOGIN_PAGE: Final = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to see this file</body></html>"


@dataclass(slots=True)
class FileHttp:
    """Takes and gives the bytes."""

    files: Files
    channels: dict[str, Channel]
    bot_token: str

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/upload/v1/{ticket}", self._upload),
            web.get("/files-pri/{file}/{name}", self._download),
            web.get("/files-pri/{file}/download/{name}", self._download),
        ]

    async def _upload(self, request: web.Request) -> web.Response:
        """The second step of files_upload_v2: raw bytes or a form with one file."""
        file_id, _, secret = request.match_info["ticket"].partition("-")
        try:
            file = self.files.expected(file_id)
        except ApiError:
            return web.Response(status=404, text="not found")
        if not hmac.compare_digest(secret, file.secret):
            return web.Response(status=403, text="invalid ticket")
        await self.files.write(file, _bytes(request))
        return web.Response(text=f"OK - {file.size}")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """Without the right token Slack answers 200 with a login page, which careless apps read as the file."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(token, self.bot_token):
            return web.Response(text=_LOGIN_PAGE, content_type="text/html")
        try:
            file = self.files.get(request.match_info["file"].partition("-")[2])
        except ApiError:
            return web.Response(status=404, text="not found")
        if not self._shown_to_bot(file):
            return web.Response(text=_LOGIN_PAGE, content_type="text/html")
        return web.FileResponse(file.path, headers={"Content-Type": str(self.files.wire(file)["mimetype"])})

    def _shown_to_bot(self, file: StoredFile) -> bool:
        places = [self.channels[channel] for channel in file.channels]
        return not places or file.user == BOT_USER or any(BOT_USER in channel.members for channel in places)


async def _bytes(request: web.Request) -> AsyncIterator[bytes]:
    if request.content_type != "multipart/form-data":
        async for chunk in request.content.iter_chunked(_CHUNK):
            yield chunk
        return
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader):
            while chunk := await part.read_chunk(_CHUNK):
                yield chunk
