"""The outbox on a database that fails for a moment: it goes on, it loses nothing, and it says nothing twice."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.process import until_over
from bot.workspace.faults import Fault
from bot.workspace.people import GENERAL
from bot.workspace.server import Workspace
from db.records import MessageKind
from pipeline.errors import TemporaryError
from tests.bot.office import Office, eventually, open_office


class Flaky:
    """A noun of the store one of whose methods fails once: before it did anything, or after its commit."""

    def __init__(self, noun: Any, method: str, *, committed: bool, error: Exception) -> None:
        self._noun, self._method, self._committed, self.failed = noun, method, committed, False
        self._error = error

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._noun, name)
        return real if name != self._method or self.failed else self._once(real)

    def _once(self, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def failing(*args: Any, **kwargs: Any) -> None:
            self.failed = True
            if self._committed:
                await real(*args, **kwargs)
            raise self._error

        return failing


AWAY = TemporaryError("The database cannot be reached right now.")


def break_once(office: Office, noun: str, method: str, *, committed: bool = False, error: Exception = AWAY) -> Flaky:
    flaky = Flaky(getattr(office.store, noun), method, committed=committed, error=error)
    setattr(office.store, noun, flaky)
    return flaky


async def said_once(
    office: Office, flaky: Flaky, show: Callable[..., Awaitable[Any]], get: Callable[..., Awaitable[Any]]
) -> None:
    """What is shown while the database fails is posted once, and so is what is shown afterwards."""
    (migration,) = await office.store.migrations.active()

    async def is_sent(key: str) -> bool:
        message = await get(key)
        return message is not None and message.state == "sent"

    for key in ("r1", "r2"):
        await show(key, migration_id=migration.id, channel=GENERAL, place="thread", kind=MessageKind.REPLY, body=f"Said {key}")
        await eventually(lambda key=key: is_sent(key))  # type: ignore[misc]
    assert flaky.failed
    texts = [m["text"] for m in office.workspace.general().messages.values() if m["text"].startswith("Said")]
    assert texts == ["Said r1", "Said r2"]


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("method", ["stuck_sending", "due", "get", "begin", "sent"])
async def test_one_failure_at_any_step_delays_a_message_and_no_more(office: Office, method: str, committed: bool) -> None:
    await office.migration()
    await office.quiet()
    messages = office.store.messages
    await said_once(office, break_once(office, "messages", method, committed=committed), messages.show, messages.get)


async def test_a_lease_that_cannot_be_renewed_ends_nothing(office: Office) -> None:
    await office.migration()
    await office.quiet()
    flaky = break_once(office, "leases", "take")
    office.bot.outbox._leads_until = 0.0
    await eventually(lambda: done(flaky))
    await said_once(office, flaky, office.store.messages.show, office.store.messages.get)


async def test_a_sender_that_stood_still_looks_before_it_sends(office: Office) -> None:
    """Its lease ran out after it took the message: somebody else may have sent it meanwhile."""
    migration = await office.migration()
    await office.quiet()
    messages, begin, stood_still = office.store.messages, office.store.messages.begin, list[str]()

    async def slowly(key: str, revision: int, now: datetime) -> bool:
        taken = await begin(key, revision, now)
        if key == "r1" and not stood_still:
            stood_still.append(key)
            office.bot.outbox._leads_until = 0.0
        return taken

    object.__setattr__(messages, "begin", slowly)
    looked = len(office.workspace.log.calls_of("conversations.replies"))
    await messages.show("r1", migration_id=migration.id, channel=GENERAL, place="thread", kind=MessageKind.REPLY, body="Said r1")

    async def is_sent() -> bool:
        message = await messages.get("r1")
        return message is not None and message.state == "sent"

    await eventually(is_sent)
    assert stood_still == ["r1"]
    assert len(office.workspace.log.calls_of("conversations.replies")) > looked
    assert [m["text"] for m in office.workspace.general().messages.values() if m["text"] == "Said r1"] == ["Said r1"]


async def done(flaky: Flaky) -> bool:
    return flaky.failed


@pytest.mark.parametrize("committed", [False, True])
async def test_a_refusal_that_cannot_be_noted_neither_loses_nor_doubles_the_message(office: Office, committed: bool) -> None:
    await office.migration()
    await office.quiet()
    office.workspace.faults.add(Fault(kind="rate_limit", method="chat.postMessage", times=1, seconds=1))
    messages = office.store.messages
    await said_once(office, break_once(office, "messages", "hold", committed=committed), messages.show, messages.get)


async def test_a_message_that_cannot_be_put_aside_is_put_aside_later(office: Office) -> None:
    migration = await office.migration()
    await office.quiet()
    messages, flaky = office.store.messages, break_once(office, "messages", "hold")
    await messages.show(
        "bad", migration_id=migration.id, channel=GENERAL, place="thread", kind=MessageKind.FINDINGS, subject="no such dataset"
    )

    async def is_held() -> bool:
        message = await messages.get("bad")
        return message is not None and message.state == "held"

    await eventually(is_held)
    assert flaky.failed


@pytest.mark.parametrize("method", ["due", "hold"])
async def test_an_error_that_waiting_does_not_mend_ends_the_bot_instead_of_its_voice(
    workspace: Workspace, tmp_path: Path, method: str
) -> None:
    with pytest.raises(ZeroDivisionError):
        await _until_the_bot_ends(workspace, tmp_path, method)


async def _until_the_bot_ends(workspace: Workspace, home: Path, method: str) -> None:
    async with open_office(workspace, home) as office:
        migration = await office.migration()
        await office.quiet()
        break_once(office, "messages", method, error=ZeroDivisionError("a defect"))
        await office.store.messages.show(
            "bad", migration_id=migration.id, channel=GENERAL, place="thread", kind=MessageKind.FINDINGS, subject="nothing"
        )
        async with asyncio.timeout(10):
            await until_over(office.bot, asyncio.Event())
