"""A running workspace, a Web API client as the bot has one, and a person."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.people import REQUESTER
from bot.workspace.person import Person
from bot.workspace.server import Workspace


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """slack_sdk would send even 127.0.0.1 through a proxy named in the environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with await Workspace.start() as running:
        yield running


@pytest.fixture
def client(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=workspace.bot_token, base_url=workspace.base_url, retry_handlers=[])


@pytest.fixture
def requester(workspace: Workspace) -> Person:
    return workspace.person(REQUESTER)
