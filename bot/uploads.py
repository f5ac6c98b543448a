"""A file a person gave, from Slack's storage into the data folder, streamed, and checked to be a file at all.

Without the scope files:read Slack answers the download with status 200 and its login page, so the first bytes are looked at.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.engine import WorkKind
from bot.desk import Desk
from bot.trouble import code_of
from db.records import Migration
from pipeline.errors import InputError, TemporaryError

PIECE = 256 * 1024
PATIENCE = aiohttp.ClientTimeout(total=900, sock_read=60)
LOGIN_PAGE = (b"<!doctype html", b"<html")
NO_SCOPE = (
    "Slack gave me its login page instead of the file: the app lacks the scope `files:read`. "
    "Ask the operator to add it and to reinstall the app, then drop the file again."
)


async def take(desk: Desk, migration: Migration, file: Mapping[str, Any], by: str) -> None:
    """Fetch the file, note the upload and have it read; the same file again is the same upload."""
    upload_id = f"{migration.id}-{file['id']}"
    described = await _described(desk, file)
    name = str(described.get("name") or "dataset")
    path = f"uploads/{upload_id}"
    await _fetch(desk, described, desk.files / path, name)
    await desk.store.files.share(path)
    await desk.store.datasets.add_upload(upload_id, migration.id, name, path, by)
    await desk.engine.submit(WorkKind.INGEST, upload_id, upload_id)


async def read(desk: Desk, file: Mapping[str, Any]) -> tuple[str, str]:
    """Name and text of a small file that was given in a form. Raises InputError for one that is no UTF-8 text."""
    described = await _described(desk, file)
    name = str(described.get("name") or "file")
    path = desk.files / f"prompts/given-{file['id']}"
    await _fetch(desk, described, path, name)
    content = await asyncio.to_thread(path.read_bytes)
    try:
        return name, content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is no text in UTF-8. Save it as plain text in UTF-8 and give it again.") from error


async def _described(desk: Desk, file: Mapping[str, Any]) -> Mapping[str, Any]:
    """Slack's full description; events and forms may carry a part of it only."""
    if file.get("url_private_download") and file.get("size") is not None:
        return file
    try:
        answer = await desk.client.files_info(file=str(file["id"]))
    except SlackApiError as error:
        raise InputError(
            f"Slack does not show me that file ({code_of(error)}). Drop it into the migration's thread again."
        ) from error
    found: Mapping[str, Any] = answer["file"]
    return found


async def _fetch(desk: Desk, described: Mapping[str, Any], path: Path, name: str) -> None:
    """Write the bytes to `path`, whole or not at all."""
    if int(described.get("size") or 0) > desk.upload_limit:
        raise _too_large(name, desk.upload_limit)
    if await asyncio.to_thread(path.exists):
        return
    url = described.get("url_private_download") or described.get("url_private")
    if not url:
        raise InputError(f"{name} has no download address: it is a link, not a file. Drop the file itself into the thread.")
    headers = {"Authorization": f"Bearer {desk.client.token}"}
    try:
        async with aiohttp.ClientSession(timeout=PATIENCE) as session, session.get(str(url), headers=headers) as answer:
            await _write(answer, path, name, desk.upload_limit)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise TemporaryError(f"The download of {name} from Slack broke off. Drop the file into the thread again.") from error


async def _write(answer: aiohttp.ClientResponse, path: Path, name: str, limit: int) -> None:
    answer.raise_for_status()
    part = path.with_suffix(".part")
    await asyncio.to_thread(part.parent.mkdir, parents=True, exist_ok=True)
    size = 0
    out = await asyncio.to_thread(part.open, "wb")
    try:
        async for piece in answer.content.iter_chunked(PIECE):
            if size == 0 and _is_login_page(answer, piece, name):
                raise InputError(NO_SCOPE)
            size += len(piece)
            if size > limit:
                raise _too_large(name, limit)
            await asyncio.to_thread(out.write, piece)
    finally:
        await asyncio.to_thread(out.close)
    await asyncio.to_thread(part.replace, path)


def _is_login_page(answer: aiohttp.ClientResponse, first: bytes, name: str) -> bool:
    page = first.lstrip()[:20].lower().startswith(LOGIN_PAGE)
    return page or (answer.content_type == "text/html" and not name.lower().endswith((".html", ".htm")))


def _too_large(name: str, limit: int) -> InputError:
    return InputError(f"{name} is larger than {limit // 1_000_000} MB, the most this Ferry takes. Give a sample of it.")
