"""A delivery is written down before it is answered, and is done once however often it comes."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.inbox import kept, key_of
from bot.process import utc_now
from bot.workspace.people import GENERAL, REQUESTER, TEAM
from bot.workspace.server import Workspace
from db.engine import Database
from db.migrate import upgrade
from db.places import Places
from db.records import MessageKind
from db.store import Store
from pipeline.errors import TemporaryError
from tests.bot.office import Office, eventually, open_office
from tests.bot.test_clicks import asked, click, dispatch

MESSAGE = {"type": "message", "channel": GENERAL, "ts": "5.1", "thread_ts": "5.0", "user": REQUESTER, "text": "status"}


def event(event_id: str = "Ev1", **changes: Any) -> dict[str, Any]:
    return {"type": "event_callback", "event_id": event_id, "team_id": TEAM, "token": "t", "event": {**MESSAGE, **changes}}


def test_the_same_message_under_two_event_ids_is_one_delivery() -> None:
    assert key_of(event("Ev1")) == key_of(event("Ev2")) != key_of(event("Ev1", ts="5.2"))


def test_a_mention_and_the_message_it_stands_in_are_two() -> None:
    assert key_of(event()) != key_of(event(type="app_mention"))


@pytest.mark.parametrize(
    "changes", [{"thread_ts": None}, {"subtype": "message_changed"}, {"bot_id": "B1"}, {"type": "file_shared"}]
)
def test_what_is_not_said_to_ferry_is_not_kept(changes: dict[str, Any]) -> None:
    assert key_of(event(**changes)) is None


def test_a_form_sent_again_with_other_values_is_another_delivery() -> None:
    def form(name: str) -> dict[str, Any]:
        view = {"id": "V1", "hash": "h", "state": {"values": {"name": {"value": {"value": name}}}}}
        return {"type": "view_submission", "view": view}

    assert key_of(form("a")) == key_of(form("a")) != key_of(form("b"))


def test_clicks_of_two_people_or_at_two_times_are_two() -> None:
    bodies = [click("m", "a", "x", user, stamp=stamp).body for user in ("U1", "U2") for stamp in ("1", "2")]
    assert len({key_of(body) for body in bodies}) == 4


def test_slacks_shared_token_is_not_kept() -> None:
    assert "token" not in json.loads(kept(event()))


async def test_small_talk_is_answered_and_leaves_no_trace(office: Office) -> None:
    request = AsyncBoltRequest(mode="socket_mode", body=event(thread_ts=None))
    assert await dispatch(office, request) == [200]
    assert await office.store.deliveries.waiting(utc_now() + timedelta(hours=1)) == ()


async def test_what_was_not_finished_is_done_at_the_next_start(workspace: Workspace, tmp_path: Path) -> None:
    async with open_office(workspace, tmp_path) as office:
        migration = await asked(office)
        body = dict(click(migration.id, "plan_approve", "approve", REQUESTER).body)
        assert await office.store.deliveries.receive(key_of(body) or "", "action", kept(body), utc_now()) == "new"
    async with open_office(workspace, tmp_path) as office:
        await eventually(lambda: office.store.questions.decision(migration.id, "plan:1"))
        await office.bot.desk.settled()
        assert await office.store.deliveries.waiting(utc_now() + timedelta(hours=1)) == ()


async def test_a_redelivered_message_is_answered_once(office: Office) -> None:
    migration = await office.migration()
    for again in ("Ev1", "Ev2", "Ev3", "Ev4"):
        body = event(again, thread_ts=migration.thread_ts, ts="9.9")
        assert await dispatch(office, AsyncBoltRequest(mode="socket_mode", body=body)) == [200]
    replies = [m for m in await office.store.messages.of(migration.id) if m.kind is MessageKind.REPLY]
    assert [reply.revision for reply in replies] == [1]


class AwayDatabase(Database):
    """A database that can be made to be away."""

    away = False

    @asynccontextmanager
    async def write(self, begin: str = "IMMEDIATE") -> AsyncIterator[AsyncConnection]:
        if AwayDatabase.away:
            raise TemporaryError("The database cannot be reached right now.")
        async with super().write(begin) as tx:
            yield tx


async def away_store(places: Places, clock: Callable[[], datetime]) -> Store:
    places.files.mkdir(parents=True, exist_ok=True)
    await upgrade(places.app_url)
    return Store(AwayDatabase(places.app_url), clock)


async def test_without_a_database_slack_is_told_to_come_again(workspace: Workspace, tmp_path: Path) -> None:
    async with open_office(workspace, tmp_path, opened=away_store) as office:
        migration = await asked(office)
        request = click(migration.id, "plan_approve", "approve", REQUESTER)
        await office.quiet()
        AwayDatabase.away = True
        try:
            assert (await office.bot.app.async_dispatch(request)).status == 503
        finally:
            AwayDatabase.away = False
        assert await dispatch(office, click(migration.id, "plan_approve", "approve", REQUESTER)) == [200]
        assert await office.store.questions.decision(migration.id, "plan:1")
