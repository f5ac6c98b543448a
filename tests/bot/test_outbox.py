"""The outbox against a Slack that refuses, drops, forgets and crashes: nothing is lost, nothing is said twice."""

import asyncio
from pathlib import Path

import pytest

from bot.app import slack_client
from bot.cards.kit import Card, section, table
from bot.notify import Outbox
from bot.pace import Lane, Pace
from bot.poster import Poster
from bot.process import utc_now
from bot.render import RENDERERS
from bot.workspace.faults import Fault
from bot.workspace.people import GENERAL, REQUESTER, SME_1
from bot.workspace.server import Workspace
from db.keys import status_card
from db.records import Message, MessageKind, Migration
from tests.bot.office import Office, eventually, open_office


async def say(office: Office, migration: Migration, key: str, body: str = "Hello", place: str = "thread") -> None:
    await office.store.messages.show(
        key, migration_id=migration.id, channel=GENERAL, place=place, kind=MessageKind.REPLY, subject="", body=body
    )


async def is_sent(office: Office, key: str) -> bool:
    message = await office.store.messages.get(key)
    return message is not None and message.state == "sent"


def posted(office: Office, text: str) -> list[str]:
    """The ts of every message in the channel that says `text`."""
    return [ts for ts, message in office.workspace.general().messages.items() if text in message["text"]]


async def test_a_busy_slack_is_waited_for_and_nothing_is_lost_or_reordered(office: Office) -> None:
    migration = await office.migration()
    await office.quiet()
    office.workspace.faults.add(Fault(kind="rate_limit", method="chat.postMessage", times=3, seconds=1))
    before = len(office.workspace.log.calls_of("chat.postMessage"))
    for n in range(5):
        await say(office, migration, f"r{n}", f"Reply {n}")
    await eventually(lambda: is_sent(office, "r4"), 20)
    texts = [m["text"] for m in office.workspace.general().messages.values() if m["text"].startswith("Reply")]
    assert texts == [f"Reply {n}" for n in range(5)]
    assert len(office.workspace.log.calls_of("chat.postMessage")) - before == 5 + 3


async def test_a_connection_lost_after_slack_took_the_message_does_not_double_it(office: Office) -> None:
    migration = await office.migration()
    await office.quiet()
    office.workspace.faults.add(Fault(kind="drop", method="chat.postMessage"))
    await say(office, migration, "r1", "Said once")
    await eventually(lambda: is_sent(office, "r1"))
    assert len(posted(office, "Said once")) == 1


@pytest.mark.parametrize("kind", ["drop_before", "status"])
async def test_a_message_slack_never_got_is_posted(office: Office, kind: str) -> None:
    migration = await office.migration()
    await office.quiet()
    office.workspace.faults.add(Fault(kind=kind, method="chat.postMessage"))  # type: ignore[arg-type]
    await say(office, migration, "r1", "Said once")
    await eventually(lambda: is_sent(office, "r1"))
    assert len(posted(office, "Said once")) == 1


async def test_a_crash_between_the_post_and_its_record_does_not_double_the_message(workspace: Workspace, tmp_path: Path) -> None:
    async with open_office(workspace, tmp_path) as office:
        migration = await office.migration()
        await office.quiet()
        await _posted_but_not_recorded(office, migration, "r1", "Said once")
    async with open_office(workspace, tmp_path) as office:
        await eventually(lambda: is_sent(office, "r1"))
        assert len(posted(office, "Said once")) == 1


async def _posted_but_not_recorded(office: Office, migration: Migration, key: str, text: str) -> None:
    """What a killed bot leaves behind: the row says `sending`, Slack has the message."""
    office.bot.outbox.stop()
    await asyncio.sleep(0.1)
    await say(office, migration, key, text)
    message = await office.store.messages.get(key)
    assert message
    assert await office.store.messages.begin(key, message.revision, utc_now())
    await Poster(office.bot.desk.client, office.store.files.path).post(message, {"text": text}, migration.thread_ts)


async def test_a_crash_before_the_post_posts_it(workspace: Workspace, tmp_path: Path) -> None:
    async with open_office(workspace, tmp_path) as office:
        migration = await office.migration()
        await office.quiet()
        office.bot.outbox.stop()
        await asyncio.sleep(0.1)
        await say(office, migration, "r1", "Said once")
        assert await office.store.messages.begin("r1", 1, utc_now())
    async with open_office(workspace, tmp_path) as office:
        await eventually(lambda: is_sent(office, "r1"))
        assert len(posted(office, "Said once")) == 1


async def test_a_deleted_message_is_posted_again_when_it_has_something_new(office: Office) -> None:
    migration = await office.migration()
    await say(office, migration, "r1", "First")
    await eventually(lambda: is_sent(office, "r1"))
    (ts,) = posted(office, "First")
    del office.workspace.general().messages[ts]
    await say(office, migration, "r1", "Second")
    await eventually(lambda: is_sent(office, "r1"))
    (again,) = posted(office, "Second")
    message = await office.store.messages.get("r1")
    assert message
    assert message.ts == again != ts


async def test_an_archived_channel_holds_its_messages_and_the_requester_is_told_once(office: Office) -> None:
    migration = await office.migration()
    await office.quiet()
    office.workspace.general().is_archived = True
    await say(office, migration, "r1", "Later")
    await say(office, migration, "r2", "Later still")

    async def told() -> bool:
        return any("archived" in m["text"] for m in _direct(office, REQUESTER))

    await eventually(told)
    held = await office.store.messages.get("r1")
    assert held
    assert (held.state, held.problem) == ("held", "is_archived")
    office.workspace.general().is_archived = False
    await office.store.messages.hold("r1", "is_archived", utc_now())
    await eventually(lambda: is_sent(office, "r2"))
    assert len(posted(office, "Later")) == 2
    assert len([m for m in _direct(office, REQUESTER) if "archived" in m["text"]]) == 1


def _direct(office: Office, user: str) -> list[dict[str, str]]:
    channels = office.workspace.state.channels.values()
    return [m for channel in channels if channel.is_im and user in channel.members for m in channel.messages.values()]


async def test_a_person_who_cannot_be_written_to_is_reported_in_the_thread(office: Office) -> None:
    migration = await office.migration()
    office.workspace.faults.add(Fault(kind="refuse", method="conversations.open", error="user_disabled"))
    await say(office, migration, "r1", "For the SME", place=SME_1)
    await eventually(lambda: is_sent(office, f"unreachable:{migration.id}:{SME_1}"))
    (ts,) = posted(office, "I cannot write to")
    assert f"<@{SME_1}>" in office.workspace.general().messages[ts]["text"]


async def test_a_message_that_cannot_be_made_is_put_aside_and_the_others_go_out(office: Office) -> None:
    migration = await office.migration()
    await office.store.messages.show(
        "bad", migration_id=migration.id, channel=GENERAL, place="thread", kind=MessageKind.FINDINGS, subject="no such dataset"
    )
    await say(office, migration, "good", "Still here")
    await eventually(lambda: is_sent(office, "good"))
    bad = await office.store.messages.get("bad")
    assert bad
    assert bad.state == "held"
    assert bad.problem


async def test_blocks_slack_refuses_are_said_in_words(office: Office) -> None:
    await office.migration()
    await office.quiet()
    office.workspace.faults.add(Fault(kind="refuse", method="chat.postMessage", error="invalid_blocks", times=2))
    card = Card(text="Short", blocks=[section("*Rich*"), table(["a", "b"], [["1", "2"]])[0]])
    outbox = _outbox(office, card)
    ts = await outbox._say(_message(), card, None)
    message = office.workspace.general().messages[ts]
    assert message["text"] == "*Rich*"
    assert not message.get("blocks") or message["blocks"][0]["type"] == "rich_text"


def _outbox(office: Office, card: Card) -> Outbox:
    async def render(_: Message) -> Card:
        return card

    poster = Poster(office.bot.desk.client, office.store.files.path)
    return Outbox(store=office.store, poster=poster, render=render, clock=utc_now)


def _message() -> Message:
    return Message(
        key="k", migration_id=None, channel=GENERAL, place="root", kind=MessageKind.REPLY, subject="", body="", revision=1,
        sent=0, ts=None, state="waiting",
    )  # fmt: skip


async def test_edits_of_a_living_card_are_coalesced(workspace: Workspace, tmp_path: Path) -> None:
    async with open_office(workspace, tmp_path, edit_interval_s=0.5) as office:
        migration = await office.migration()
        await office.quiet()
        await asyncio.sleep(0.5)
        before = len(workspace.log.calls_of("chat.update"))
        for _ in range(20):
            await office.store.messages.touch(status_card(migration.id))
            await asyncio.sleep(0.03)
        await eventually(lambda: is_sent(office, status_card(migration.id)))
        assert 1 <= len(workspace.log.calls_of("chat.update")) - before <= 3


async def test_one_of_two_bots_sends(workspace: Workspace, tmp_path: Path) -> None:
    async with open_office(workspace, tmp_path) as office, open_office(workspace, tmp_path) as other:
        migration = await office.migration()
        for n in range(10):
            await say(office, migration, f"r{n}", f"Reply {n}")
            other.bot.outbox.nudge()
        await eventually(lambda: is_sent(office, "r9"))
        assert len(posted(office, "Reply")) == 10
        assert not workspace.log.problems


async def test_report_files_are_not_doubled_by_a_crash(office: Office, tmp_path: Path) -> None:
    migration = await office.migration()
    files = office.settings.places.files
    files.mkdir(exist_ok=True)
    (files / "report.html").write_text("<p>report</p>")
    card = Card(text="The files", files=("report.html",))
    message = Message(
        key="files:m:1", migration_id=migration.id, channel=GENERAL, place="thread", kind=MessageKind.FILES, subject="", body="",
        revision=1, sent=0, ts=None, state="sending",
    )  # fmt: skip
    poster = Poster(slack_client(office.settings), office.store.files.path)
    assert await poster.find(message, migration.thread_ts) is None
    ts = await poster.upload(message, card, migration.thread_ts)
    assert await poster.find(message, migration.thread_ts) == ts
    assert office.workspace.general().messages[ts]["files"][0]["name"] == "report.html"


def test_a_lane_lets_a_burst_through_and_then_one_a_second() -> None:
    lane, pace = Lane(tokens=3.0, at=0.0), Pace(post=1.0, burst=3)
    assert [lane.take(0.0, pace) for _ in range(5)] == [0.0, 0.0, 0.0, 1.0, 2.0]
    assert lane.take(10.0, pace) == 0.0


def test_the_renderer_knows_every_kind_of_message() -> None:
    assert set(RENDERERS) == set(MessageKind)
