"""Fixtures every area may use: a fresh store on each database, or on SQLite alone, with a clock that stands still."""

import faulthandler
import os
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from signal import SIGINT, default_int_handler, signal
from typing import TextIO

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
PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], PLAIN])

# A shell starts what it runs in the background without Ctrl-C, and children inherit that; some tests press it.
signal(SIGINT, default_int_handler)


STDERR = pytest.StashKey[TextIO]()
CLOSED_S = 200.0
"""So long closing what a test opened may take."""


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


def pytest_configure(config: pytest.Config) -> None:
    config.stash[STDERR] = os.fdopen(os.dup(2), "w")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """A failure calls off what pytest limits a test with, and what made the test hang may keep its fixtures from being closed."""
    faulthandler.dump_traceback_later(CLOSED_S, exit=True, file=item.config.stash[STDERR])
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_sessionfinish() -> None:
    stores.drop_databases()
