"""What the doctor says of processes and of what waits."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

import bot.__main__  # noqa: F401  adds the commands of the processes to the app
from bot.alive import at_work
from db import Store
from db.places import Places
from db.records import ProcessKind
from pipeline.__main__ import app
from tests.db.facts import opened, queued
from tests.stores import SteadyClock


@pytest.fixture
def now(clock: SteadyClock) -> SteadyClock:
    """The doctor asks the real clock, so the test's shows the same."""
    clock.now = datetime.now(UTC)
    return clock


async def test_nobody_has_started_yet(tmp_path: Path) -> None:
    assert await at_work(Places(home=tmp_path)) == (
        [],
        ["There is no data of this version yet: `ferry up` makes the tables at its start."],
    )
    assert list(tmp_path.iterdir()) == []


async def test_the_living_and_the_dead_and_what_waits(sqlite_store: Store, now: SteadyClock, tmp_path: Path) -> None:
    migration = await opened(sqlite_store)
    await queued(sqlite_store, migration, size=10)
    await sqlite_store.processes.take(ProcessKind.WORKER, "b-1", "x", "host-b", 0)
    problems, known = await at_work(Places(home=tmp_path))
    assert problems == ["No worker is alive, so nothing is worked on. Start one with `ferry worker`, or both with `ferry up`."]
    await sqlite_store.processes.take(ProcessKind.WORKER, "a-1", "y", "host-a", 60)
    problems, known = await at_work(Places(home=tmp_path))
    assert problems == []
    assert known[0].startswith("The worker a-1 on host-a is alive: last beat ")
    assert known[0].endswith(f"s ago, started {now.now:%Y-%m-%d %H:%M} UTC.")
    assert known[1].startswith("The worker b-1 on host-b is gone: last beat ")
    assert known[1].endswith("What it had begun is done by the living ones.")
    assert known[2] == "Waiting: 1 runs (5 samples without an answer), 0 datasets to read, 1 messages to send."


def test_the_doctor_says_it_on_a_host_without_tokens_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERRY_HOME", str(tmp_path))
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "FERRY_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 2
    assert "There is no data of this version yet" in done.output
    assert "SLACK_BOT_TOKEN is missing" in done.output


async def test_a_database_that_is_away_is_a_sentence(tmp_path: Path) -> None:
    problems, known = await at_work(Places(home=tmp_path, database_url="postgresql://postgres@127.0.0.1:1/none"))
    assert problems == ["The database cannot be reached from here. Check FERRY_DATABASE_URL, and whether Postgres runs."]
    assert known == []
