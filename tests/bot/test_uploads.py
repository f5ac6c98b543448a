"""Files from Slack: streamed with a cap, refused when they are Slack's login page, fetched once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from agent.engine import WorkKind
from bot import uploads
from bot.workspace.people import SME_1
from bot.workspace.server import Workspace
from db.records import MessageKind
from pipeline.errors import InputError, TemporaryError
from tests.bot.office import Office, eventually, open_office
from tests.bot.test_clicks import told

PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"


@asynccontextmanager
async def storage(body: bytes, kind: str = "text/csv", *, breaks: bool = False) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that gives `body` to whoever asks; yields its address and the Authorization headers it saw."""
    seen: list[str] = []

    async def give(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization", ""))
        answer = web.StreamResponse(headers={"Content-Type": kind, "Content-Length": str(len(body) * (2 if breaks else 1))})
        await answer.prepare(request)
        await answer.write(body)
        if breaks and request.transport:
            request.transport.close()
        return answer

    app = web.Application()
    app.router.add_get("/file", give)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/file", seen
    finally:
        await runner.cleanup()


def described(url: str, size: int | None = 10, name: str = "tickets.csv") -> dict[str, object]:
    return {"id": "F1", "name": name, "size": size, "url_private_download": url}


async def test_a_file_is_fetched_with_the_bot_token_noted_and_read_once(office: Office) -> None:
    migration = await office.migration()
    async with storage(b"id,question\n1,Why?\n") as (url, seen):
        for _ in range(2):
            await uploads.take(office.bot.desk, migration, described(url), migration.requester)
    (upload,) = await office.store.datasets.uploads(migration.id)
    assert (office.settings.places.files / upload.path).read_bytes() == b"id,question\n1,Why?\n"
    assert seen == [f"Bearer {office.workspace.bot_token}"]
    assert {(kind, key) for kind, key, _ in office.engine.submitted} == {(WorkKind.INGEST, upload.id)}


@pytest.mark.parametrize("body", [PAGE, "\n\n" + PAGE.lower(), "<html>"])
async def test_slacks_login_page_names_the_missing_scope(office: Office, body: str) -> None:
    migration = await office.migration()
    async with storage(body.encode(), "text/html; charset=utf-8") as (url, _):
        with pytest.raises(InputError, match="files:read"):
            await uploads.take(office.bot.desk, migration, described(url), migration.requester)
    assert await office.store.datasets.uploads(migration.id) == ()
    assert not list((office.settings.places.files / "uploads").glob("*F1"))


@pytest.mark.parametrize("size", [10, 3_000_000])
async def test_a_file_above_the_limit_is_refused_whatever_slack_says_of_its_size(
    workspace: Workspace, tmp_path: Path, size: int
) -> None:
    async with open_office(workspace, tmp_path, upload_limit_mb=1) as office:
        migration = await office.migration()
        async with storage(b"x" * 2_000_000) as (url, _):
            with pytest.raises(InputError, match="larger than 1 MB"):
                await uploads.take(office.bot.desk, migration, described(url, size), migration.requester)
        assert await office.store.datasets.uploads(migration.id) == ()


async def test_a_download_that_breaks_off_leaves_nothing_half(office: Office) -> None:
    migration = await office.migration()
    async with storage(b"id,question\n", breaks=True) as (url, _):
        with pytest.raises(TemporaryError, match="broke off"):
            await uploads.take(office.bot.desk, migration, described(url), migration.requester)
    assert await office.store.datasets.uploads(migration.id) == ()


async def test_a_file_slack_does_not_show_is_said(office: Office) -> None:
    migration = await office.migration()
    with pytest.raises(InputError, match="file_not_found"):
        await uploads.take(office.bot.desk, migration, {"id": "F0NONE", "file_access": "check_file_info"}, "U1")


async def test_a_file_dropped_into_the_thread_is_taken_and_one_from_a_stranger_is_refused(office: Office) -> None:
    migration = await office.migration()
    thread = migration.thread_ts
    await office.requester.send_file(("tickets.csv", b"id,question\n1,Why?\n"), thread_ts=thread)
    await eventually(lambda: office.store.datasets.uploads(migration.id))
    await office.person(SME_1).send_file(("other.csv", b"id,question\n1,Why?\n"), thread_ts=thread)

    async def refused() -> bool:
        return any("Only the requester" in sentence for sentence in told(office, SME_1))

    await eventually(refused)
    assert [upload.name for upload in await office.store.datasets.uploads(migration.id)] == ["tickets.csv"]
    assert not [m for m in await office.store.messages.of(migration.id) if m.kind is MessageKind.REPLY]
