"""The endpoints the page uses beyond what a Person does: news, waiting, and who may ask at all."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.people import ARCHIVED, BOT_USER, GENERAL, OWNER, PRIVATE, REQUESTER, SME_1, WITHOUT_BOT
from bot.workspace.person import Person, WorkspaceError, person_at
from bot.workspace.server import Workspace

Json = dict[str, Any]


async def test_a_person_sees_their_channels(requester: Person, workspace: Workspace) -> None:
    seen = await requester.see()
    assert (seen["me"], seen["bot"], seen["team"]["id"]) == (REQUESTER, BOT_USER, "T0LOCAL")
    assert [user["real_name"] for user in seen["users"]] == ["Requester", "SME 1", "SME 2", "Owner", "Ferry"]
    kinds = {channel["id"]: (channel["kind"], channel["has_bot"], channel["is_archived"]) for channel in seen["channels"]}
    direct = workspace.state.direct([REQUESTER]).id
    assert kinds == {
        GENERAL: ("channel", True, False),
        WITHOUT_BOT: ("channel", False, False),
        ARCHIVED: ("channel", True, True),
        PRIVATE: ("group", False, False),
        direct: ("im", True, False),
    }
    assert PRIVATE not in [channel["id"] for channel in (await requester.another(SME_1).see())["channels"]]


async def test_waiting_ends_with_a_change(requester: Person, client: AsyncWebClient) -> None:
    revision = (await requester.see())["revision"]
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(requester._get("state", user=REQUESTER, after=revision, wait=5))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await client.chat_postMessage(channel=GENERAL, text="now")
    assert waiting.result()["revision"] > revision
    with pytest.raises(TimeoutError, match="now"):
        await requester.wait(lambda seen: None, seconds=0.1)


async def test_news_are_pushed_to_whom_they_concern(workspace: Workspace, client: AsyncWebClient) -> None:
    url = f"{workspace.url}/workspace/events"
    async with aiohttp.ClientSession() as session, session.get(url, params={"user": OWNER}) as stream:
        await client.chat_postEphemeral(channel=GENERAL, user=REQUESTER, text="not for the owner")
        await client.chat_postMessage(channel=GENERAL, text="for all")
        await client.views_publish(user_id=OWNER, view={"type": "home", "blocks": []})
        news = [await _news(stream) for _ in range(2)]
        assert [(piece["type"], piece.get("message", {}).get("text")) for piece in news] == [
            ("message", "for all"),
            ("home", None),
        ]
        await workspace.stop()
        assert (await _news(stream))["type"] == "closed"


async def _news(stream: aiohttp.ClientResponse) -> Json:
    while not (line := await stream.content.readline()).startswith(b"data: "):
        assert line
    news: Json = json.loads(line.removeprefix(b"data: "))
    return news


async def test_other_sites_cannot_use_the_workspace(workspace: Workspace) -> None:
    url = f"{workspace.url}/workspace/state?user={REQUESTER}"
    port = workspace.url.rsplit(":", 1)[1]
    cases = {
        200: ({}, {"Origin": workspace.url}, {"Host": f"localhost:{port}"}),
        403: ({"Origin": "https://evil.example"}, {"Host": f"evil.example:{port}"}, {"Origin": "null"}),
    }
    async with aiohttp.ClientSession() as session:
        for status, several in cases.items():
            for headers in several:
                async with session.get(url, headers=headers) as response:
                    assert response.status == status, headers


async def test_malformed_requests_are_answered(workspace: Workspace, requester: Person) -> None:
    async with aiohttp.ClientSession(workspace.url) as session:
        async with session.post("/workspace/say", data=b"{") as response:
            assert (response.status, (await response.json())["error"]) == (400, "invalid_json")
        async with session.post("/workspace/say", json=[]) as response:
            assert response.status == 400
        async with session.get("/workspace/state") as response:
            assert (await response.json())["error"] == "user_not_found"
        async with session.get("/workspace/files/F0NONE") as response:
            assert response.status == 404
        async with session.get("/") as response:
            assert response.status == 200
    for action in (requester.another("U0NOBODY").say("x"), requester.say("x", channel="C0NOWHERE"), requester.say(" ")):
        with pytest.raises(WorkspaceError, match=r"user_not_found|channel_not_found|no_text"):
            await action


async def test_an_uploaded_page_cannot_run_in_the_workspace(workspace: Workspace, requester: Person) -> None:
    (file,) = (await requester.send_file(("page.html", b"<script>alert(1)</script>")))["files"]
    async with aiohttp.ClientSession(workspace.url) as session, session.get(f"/workspace/files/{file['id']}") as response:
        assert response.headers["Content-Security-Policy"] == "sandbox"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_it_runs_alone() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.workspace", "--port", "0", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode() for _ in range(5)]
    settings = dict(line.strip().split("=", 1) for line in lines[1:])
    client = AsyncWebClient(token=settings["SLACK_BOT_TOKEN"], base_url=settings["SLACK_API_URL"])
    assert (await client.auth_test())["ok"]
    async with person_at(settings["SLACK_API_URL"].removesuffix("/api/"), OWNER) as owner:
        assert (await owner.say("hello"))["text"] == "hello"
    process.terminate()
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
