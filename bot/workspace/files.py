"""Files of the local workspace: bytes on disk in a folder of their own, the objects Slack shows for them in memory."""

import mimetypes
import secrets
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from pathlib import Path

from bot.workspace.people import BOT_USER, TEAM
from bot.workspace.wire import ApiError, Json

_KINDS = {".csv": "csv", ".json": "json", ".jsonl": "text", ".xlsx": "xlsx", ".html": "html", ".png": "png", ".txt": "text"}


@dataclass(slots=True, kw_only=True)
class StoredFile:
    """One uploaded file; `shares` are the places it was posted to."""

    id: str
    name: str
    title: str
    user: str
    created: int
    path: Path
    size: int = 0
    arrived: bool = False
    alt_text: str | None = None
    channels: dict[str, str] = field(default_factory=dict)
    secret: str = field(default_factory=lambda: secrets.token_hex(4))


class Files:
    """All files, by id; `base` is the address of the workspace, known once it listens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = ""
        self._files: dict[str, StoredFile] = {}

    def new(self, *, name: str, user: str, now: float, title: str = "", alt_text: str | None = None) -> StoredFile:
        """Room for a file whose bytes will come."""
        number = f"F0{len(self._files) + 1:09d}"
        path = self.folder / number
        file = StoredFile(id=number, name=name, title=title or name, user=user, created=int(now), path=path, alt_text=alt_text)
        self._files[file.id] = file
        return file

    async def write(self, file: StoredFile, chunks: AsyncIterable[bytes]) -> None:
        """Streams the bytes of a file to disk."""
        file.size = 0
        with file.path.open("wb") as target:
            async for chunk in chunks:
                target.write(chunk)
                file.size += len(chunk)
        file.arrived = True

    def get(self, file_id: str) -> StoredFile:
        if file_id not in self._files or not self._files[file_id].arrived:
            raise ApiError("file_not_found")
        return self._files[file_id]

    def expected(self, file_id: str) -> StoredFile:
        """A file whose bytes may not have come yet."""
        if file_id not in self._files:
            raise ApiError("file_not_found")
        return self._files[file_id]

    def wire(self, file: StoredFile) -> Json:
        """The file object of files.info (docs.slack.dev/reference/objects/file-object)."""
        suffix = Path(file.name).suffix.lower()
        address = f"{self.base}/files-pri/{TEAM}-{file.id}"
        return {
            "id": file.id,
            "created": file.created,
            "timestamp": file.created,
            "name": file.name,
            "title": file.title,
            "mimetype": mimetypes.guess_type(file.name)[0] or "application/octet-stream",
            "filetype": _KINDS.get(suffix, suffix.removeprefix(".") or "binary"),
            "pretty_type": suffix.removeprefix(".").upper() or "Binary",
            "user": file.user,
            "user_team": TEAM,
            "editable": False,
            "size": file.size,
            "mode": "hosted",
            "is_external": False,
            "is_public": True,
            "file_access": "visible",
            "url_private": f"{address}/{file.name}",
            "url_private_download": f"{address}/download/{file.name}",
            "permalink": f"{self.base}/files/{file.user}/{file.id}/{file.name}",
            "channels": list(file.channels),
            "shares": {"public": {channel: [{"ts": ts}] for channel, ts in file.channels.items()}},
            "is_starred": False,
            "has_rich_preview": False,
            "alt_txt": file.alt_text,
            "from_app": file.user == BOT_USER,
        }
