"""A workspace, and a bot connected to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.workspace.server import Workspace
from tests.bot.office import Office, open_office


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
async def office(workspace: Workspace, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(workspace, tmp_path) as opened:
        yield opened
