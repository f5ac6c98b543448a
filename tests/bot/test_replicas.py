"""Two bots of one app on Postgres, in this process: what one takes the other leaves alone, unless the first one is dead."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.inbox import kept, key_of
from bot.process import utc_now
from bot.workspace.people import OWNER, REQUESTER
from bot.workspace.server import Workspace
from db.records import ProcessKind
from tests.bot.office import Office, eventually, open_office
from tests.bot.test_clicks import asked, click, dispatch
from tests.stores import postgres_database


@asynccontextmanager
async def two_offices(workspace: Workspace, home: Path) -> AsyncIterator[tuple[Office, Office]]:
    """Each with a data folder of its own."""
    async with (
        postgres_database() as url,
        open_office(workspace, home / "one", database_url=url) as one,
        open_office(workspace, home / "two", database_url=url) as two,
    ):
        yield one, two


async def test_two_bots_share_deliveries_and_clicks(workspace: Workspace, tmp_path: Path) -> None:
    async with two_offices(workspace, tmp_path) as (one, two):
        migration = await asked(one)
        bots = [each for each in await one.store.processes.listed() if each.kind is ProcessKind.BOT]
        assert {each.holder for each in bots} == {one.bot.desk.token, two.bot.desk.token}

        body = dict(click(migration.id, "plan_approve", "approve", REQUESTER).body)
        key = key_of(body) or ""
        assert await one.store.deliveries.receive(key, "action", kept(body), utc_now(), one.bot.desk.token) == "new"
        assert await dispatch(two, AsyncBoltRequest(mode="socket_mode", body=body)) == [200]
        await two.bot.desk.settled()
        assert await one.store.questions.decision(migration.id, "plan:1") is None, "one is alive, and works on it"

        async with asyncio.TaskGroup() as group:
            for office, user, stamp in ((one, REQUESTER, "1"), (two, OWNER, "2"), (two, REQUESTER, "3")):
                group.create_task(dispatch(office, click(migration.id, "plan_approve", "approve", user, stamp=stamp)))
        await eventually(lambda: one.store.questions.decision(migration.id, "plan:1"))
        for office in (one, two):
            await office.bot.desk.settled()
        decided = [event for event in await one.store.audit.events(migration.id) if event.action == "decided"]
        assert len(decided) == 1


async def test_what_a_dead_bot_was_doing_is_done_by_one_that_runs(workspace: Workspace, tmp_path: Path) -> None:
    async with two_offices(workspace, tmp_path) as (one, two):
        migration = await asked(one)
        await one.store.processes.take(ProcessKind.BOT, "dead", "dead", "host", 0.0)
        body = dict(click(migration.id, "plan_approve", "approve", REQUESTER).body)
        assert await one.store.deliveries.receive(key_of(body) or "", "action", kept(body), utc_now(), "dead") == "new"
        await eventually(lambda: two.store.questions.decision(migration.id, "plan:1"), 20)
        await eventually(lambda: _forgotten(two), 20)


async def _forgotten(office: Office) -> bool:
    return "dead" not in {each.holder for each in await office.store.processes.listed()}


@pytest.mark.parametrize("name", ["uploads/m-F1"])
async def test_a_file_that_one_bot_took_is_in_reach_of_the_other(workspace: Workspace, tmp_path: Path, name: str) -> None:
    async with two_offices(workspace, tmp_path) as (one, two):
        path = one.settings.places.files / name
        path.parent.mkdir(parents=True)
        path.write_text("question\nHow?\n")
        await one.store.files.share(name)
        found = await two.store.files.path(name)
        assert found == two.settings.places.files / name
        assert found.read_text() == "question\nHow?\n"
