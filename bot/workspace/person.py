"""A person's hands on the local workspace, over its HTTP endpoints: used by tests and by the demo without a browser.

Every method returns what the page would get (see page_api.py) and raises WorkspaceError where a person would see an error.
"""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp

from bot.workspace.people import GENERAL
from bot.workspace.wire import Json

T = TypeVar("T")
_PATIENCE: Final = 10.0


class WorkspaceError(Exception):
    """The workspace or the app did not do what the person asked; `code` is its error, `answer` everything it said."""

    def __init__(self, code: str, answer: Json) -> None:
        super().__init__(f"{code}: {json.dumps(answer)[:500]}")
        self.code = code
        self.answer = answer


class Person:
    """One user of the workspace at `url`."""

    def __init__(self, url: str, user: str, session: aiohttp.ClientSession) -> None:
        self.user = user
        self._url, self._session = url, session

    def another(self, user: str) -> "Person":
        return Person(self._url, user, self._session)

    async def see(self) -> Json:
        """Everything the person can see now."""
        return await self._get("state", user=self.user)

    async def wait(self, found: Callable[[Json], T | None], seconds: float = _PATIENCE) -> T:
        """Waits until `found` returns something for what the person sees; TimeoutError with what was seen last."""
        end, seen = time.monotonic() + seconds, await self.see()
        while (result := found(seen)) is None or result is False:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{self.user} waited {seconds} s in vain; saw {_summary(seen)}")
            seen = await self._get("state", user=self.user, after=seen["revision"], wait=min(left, 25.0))
        return result

    async def message(self, wanted: Callable[[Json], bool], channel: str = GENERAL, seconds: float = _PATIENCE) -> Json:
        """Waits for the newest message of a channel that is wanted."""

        def newest(seen: Json) -> Json | None:
            found = [message for message in messages(seen, channel) if wanted(message)]
            return found[-1] if found else None

        return await self.wait(newest, seconds)

    async def modal(self, callback_id: str | None = None, seconds: float = _PATIENCE) -> Json:
        """Waits for a modal (with this callback_id) to be on top."""

        def top(seen: Json) -> Json | None:
            view: Json | None = seen["modal"]
            return view if view and callback_id in (None, view["callback_id"]) else None

        return await self.wait(top, seconds)

    async def command(self, text: str = "", channel: str = GENERAL, command: str = "/migrate") -> Json:
        return await self._post("command", command=command, text=text, channel=channel)

    async def say(self, text: str, channel: str = GENERAL, thread_ts: str | None = None) -> Json:
        """Posts a message and returns it."""
        answer = await self._post("say", text=text, channel=channel, thread_ts=thread_ts)
        return dict(answer["message"])

    async def send_file(
        self, *files: Path | tuple[str, bytes], channel: str = GENERAL, thread_ts: str | None = None, text: str = ""
    ) -> Json:
        """Posts files in one message and returns it."""
        answer = await self._upload(files, channel=channel, thread_ts=thread_ts, text=text)
        return dict(answer["message"])

    async def upload(self, *files: Path | tuple[str, bytes]) -> list[str]:
        """Uploads files for a file_input of a modal; the ids are its value."""
        return [file["id"] for file in (await self._upload(files))["files"]]

    async def click(
        self, message: Mapping[str, Any], action_id: str, value: object = None, *, channel: str = GENERAL, **more: object
    ) -> Json:
        """Presses a button of a message or chooses in one of its selects; `more`: block_id, element (see page_api.py)."""
        return await self._post("click", channel=channel, ts=message["ts"], action_id=action_id, value=value, **more)

    async def click_in(self, view: Mapping[str, Any], action_id: str, value: object = None, **more: object) -> Json:
        """Acts on an element of a modal or of the home tab."""
        return await self._post("click", view_id=view["id"], action_id=action_id, value=value, **more)

    async def fill(self, values: Mapping[str, object]) -> Json:
        """Types into the topmost modal without submitting it."""
        return await self._post("fill", values=dict(values))

    async def submit(self, values: Mapping[str, object] | None = None, view_id: str | None = None) -> Json:
        """Submits the topmost modal; returns `errors` by block id, or what became of the view."""
        return await self._post("submit", values=dict(values or {}), view_id=view_id)

    async def close(self, *, everything: bool = False) -> Json:
        return await self._post("close", all=everything)

    async def open_home(self) -> Json:
        """Opens the app's Home tab; what the app publishes appears in `see()["home"]`."""
        return await self._post("home")

    async def download(self, file: Mapping[str, Any]) -> bytes:
        """The bytes of a file the person sees."""
        async with self._session.get(f"{self._url}/workspace/files/{file['id']}") as response:
            response.raise_for_status()
            return await response.read()

    async def _upload(self, files: tuple[Path | tuple[str, bytes], ...], **fields: str | None) -> Json:
        form = aiohttp.FormData()
        for key, value in {"user": self.user, **fields}.items():
            if value:
                form.add_field(key, value)
        opened = [each.open("rb") if isinstance(each, Path) else each[1] for each in files]
        names = [each.name if isinstance(each, Path) else each[0] for each in files]
        for name, content in zip(names, opened, strict=True):
            form.add_field("file", content, filename=name, content_type="application/octet-stream")
        async with self._session.post(f"{self._url}/workspace/files", data=form) as response:
            return _checked(await response.json())

    async def _post(self, path: str, **body: object) -> Json:
        sent = {key: value for key, value in {"user": self.user, **body}.items() if value is not None}
        async with self._session.post(f"{self._url}/workspace/{path}", json=sent) as response:
            return _checked(await response.json())

    async def _get(self, path: str, **query: object) -> Json:
        params = {key: str(value) for key, value in query.items()}
        async with self._session.get(f"{self._url}/workspace/{path}", params=params) as response:
            return _checked(await response.json())


@asynccontextmanager
async def person_at(url: str, user: str) -> AsyncIterator[Person]:
    """A person of a workspace that runs in another process."""
    async with aiohttp.ClientSession() as session:
        yield Person(url, user, session)


def messages(seen: Json, channel: str = GENERAL) -> list[Json]:
    """The messages of one channel in what a person sees."""
    return [message for each in seen["channels"] if each["id"] == channel for message in each["messages"]]


def _checked(answer: Json) -> Json:
    if not answer.pop("ok"):
        raise WorkspaceError(str(answer.get("error")), answer)
    return answer


def _summary(seen: Json) -> str:
    texts = {channel["id"]: [message["text"][:80] for message in channel["messages"][-5:]] for channel in seen["channels"]}
    return json.dumps({"modal": (seen["modal"] or {}).get("callback_id"), "messages": texts})
