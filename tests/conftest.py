"""Fixtures every area may use: a fresh store on each database, or on SQLite alone, with a clock that stands still."""

from collections.abc import AsyncIterator
from pathlib import Path
from signal import SIGINT, default_int_handler, signal

import pytest
import structlog
from hypothesis import settings

from db import Store
from tests import stores

# No deadline: the first example imports what it needs, and the machine may be busy. The same examples at every run, so that a
# red suite is a change's doing; `--hypothesis-profile explore` looks for new ones.
settings.register_profile("ferry", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("ferry")

# Plain stack traces: those that structlog writes where nobody set it up take half a second each, for every variable is in them.
structlog.configure(processors=[structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)])

# A shell starts what it runs in the background without Ctrl-C, and children inherit that; some tests press it.
signal(SIGINT, default_int_handler)


@pytest.fixture
def clock() -> stores.SteadyClock:
    return stores.SteadyClock()


@pytest.fixture(params=stores.DATABASES)
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: stores.SteadyClock) -> AsyncIterator[Store]:
    async with stores.fresh_store(request.param, tmp_path, clock) as opened:
        yield opened


@pytest.fixture
async def sqlite_store(tmp_path: Path, clock: stores.SteadyClock) -> AsyncIterator[Store]:
    async with stores.fresh_store("sqlite", tmp_path, clock) as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_sessionfinish() -> None:
    stores.drop_databases()
