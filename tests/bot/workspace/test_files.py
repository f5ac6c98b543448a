"""Uploads by the app and by people, and downloads behind the token."""

from pathlib import Path

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.people import ARCHIVED, GENERAL, WITHOUT_BOT
from bot.workspace.person import Person, messages
from bot.workspace.server import Workspace


async def download(url: str, token: str) -> tuple[int, str, bytes]:
    async with aiohttp.ClientSession() as session, session.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
        return response.status, response.content_type, await response.read()


async def test_files_upload_v2_posts_into_a_thread(
    client: AsyncWebClient, workspace: Workspace, requester: Person, tmp_path: Path
) -> None:
    root = (await client.chat_postMessage(channel=GENERAL, text="root"))["ts"]
    (tmp_path / "report.html").write_text("<h1>Report</h1>")
    uploads = [
        {"file": str(tmp_path / "report.html"), "filename": "report.html", "title": "The report"},
        {"content": "a,b\n", "filename": "table.csv", "title": "The table"},
    ]
    answer = await client.files_upload_v2(channel=GENERAL, thread_ts=root, initial_comment="Here.", file_uploads=uploads)
    message = await requester.message(lambda each: bool(each.get("files")))
    assert (message["text"], message["thread_ts"]) == ("Here.", root)
    assert [file["title"] for file in message["files"]] == ["The report", "The table"]
    assert await requester.download(message["files"][0]) == b"<h1>Report</h1>"
    info = (await client.files_info(file=answer["files"][1]["id"]))["file"]
    assert (info["size"], info["filetype"], info["channels"]) == (4, "csv", [GENERAL])
    assert await download(info["url_private_download"], workspace.bot_token) == (200, "text/csv", b"a,b\n")


async def test_the_wrong_token_gets_a_login_page(client: AsyncWebClient, workspace: Workspace, requester: Person) -> None:
    (file,) = (await requester.send_file(("data.csv", b"a,b\n")))["files"]
    for url in (file["url_private"], file["url_private_download"]):
        status, kind, content = await download(url, "xoxb-wrong")
        assert (status, kind) == (200, "text/html")
        assert b"Sign in" in content
        assert (await download(url, workspace.bot_token))[2] == b"a,b\n"


async def test_a_file_where_the_bot_is_not_is_not_found(client: AsyncWebClient, workspace: Workspace, requester: Person) -> None:
    (file,) = (await requester.send_file(("data.csv", b"a,b\n"), channel=WITHOUT_BOT))["files"]
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_info(file=file["id"])
    assert (await download(file["url_private"], workspace.bot_token))[1] == "text/html"


async def test_a_file_of_a_modal_can_be_read(client: AsyncWebClient, workspace: Workspace, requester: Person) -> None:
    first, second = await requester.upload(("a.csv", b"1"), ("b.csv", b"2"))
    for file_id, content in ((first, b"1"), (second, b"2")):
        info = (await client.files_info(file=file_id))["file"]
        assert (await download(info["url_private"], workspace.bot_token))[2] == content
    assert not messages(await requester.see())


async def test_a_large_file_is_streamed_from_a_path(workspace: Workspace, requester: Person, tmp_path: Path) -> None:
    large = tmp_path / "large.jsonl"
    large.write_bytes(b"x" * 20_000_000)
    (file,) = (await requester.send_file(large))["files"]
    assert file["size"] == 20_000_000


async def test_an_upload_to_an_archived_channel_is_refused(client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError, match="is_archived"):
        await client.files_upload_v2(channel=ARCHIVED, content="x", filename="x.txt")


async def test_uploads_need_their_ticket(workspace: Workspace, client: AsyncWebClient) -> None:
    ticket = await client.files_getUploadURLExternal(filename="a.txt", length=1)
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_info(file=ticket["file_id"])
    async with aiohttp.ClientSession() as session:
        async with session.post(ticket["upload_url"] + "0", data=b"x") as response:
            assert response.status == 403
        async with session.post(f"{workspace.url}/upload/v1/F0NONE-0", data=b"x") as response:
            assert response.status == 404
        form = aiohttp.FormData()
        form.add_field("filename", b"y", filename="a.txt")
        async with session.post(ticket["upload_url"], data=form) as response:
            assert (response.status, await response.text()) == (200, "OK - 1")
    await client.files_completeUploadExternal(files=[{"id": ticket["file_id"], "title": "t"}])
    assert (await client.files_info(file=ticket["file_id"]))["file"]["title"] == "t"
