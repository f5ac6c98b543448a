"""A listener never raises: what a person caused is a sentence, anything else a reference."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_bolt.request.async_request import AsyncBoltRequest

from bot import boundary
from bot.boundary import examination, listener, show, submission
from bot.cards.kit import Card, section, table
from bot.desk import Desk
from bot.workspace.people import GENERAL, REQUESTER, TEAM, WITHOUT_BOT
from pipeline.errors import InputError
from tests.bot.office import Office
from tests.bot.test_clicks import click, dispatch, told

SUBMITTED: dict[str, Any] = {
    "type": "view_submission",
    "team": {"id": TEAM},
    "user": {"id": REQUESTER, "team_id": TEAM},
    "view": {"id": "V1", "hash": "h", "callback_id": "form", "type": "modal", "state": {"values": {}}},
}


async def wrong(_: Desk, __: AsyncArgs) -> None:
    raise InputError("Column `id` is missing. Add it and drop the file again.")


async def broken(_: Desk, __: AsyncArgs) -> None:
    raise RuntimeError("sample text that nobody may see")


async def test_an_error_a_person_caused_is_its_own_sentence(office: Office) -> None:
    office.bot.app._async_listeners.clear()
    office.bot.app.action("go")(listener(office.bot.desk, wrong))
    assert await dispatch(office, click("m", "go", "x", REQUESTER)) == [200]
    assert told(office, REQUESTER) == ["Column `id` is missing. Add it and drop the file again."]


async def test_a_bug_is_a_reference_and_the_ack_is_not_lost(office: Office) -> None:
    office.bot.app._async_listeners.clear()
    office.bot.app.action("go")(listener(office.bot.desk, broken))
    assert await dispatch(office, click("m", "go", "x", REQUESTER)) == [200]
    (sentence,) = told(office, REQUESTER)
    assert re.search(r"reference `[0-9a-f]{8}`", sentence)
    assert "sample text" not in sentence


async def test_a_form_whose_check_breaks_is_acknowledged_and_told(office: Office) -> None:
    def check(_: AsyncArgs) -> dict[str, str]:
        raise InputError("This form is of an older Ferry. Open it again.")

    office.bot.app._async_listeners.clear()
    office.bot.app.view("form")(submission(office.bot.desk, check, wrong))
    assert await dispatch(office, AsyncBoltRequest(mode="socket_mode", body=SUBMITTED)) == [200]
    direct = [c for c in office.workspace.state.channels.values() if c.is_im and REQUESTER in c.members]
    assert [m["text"] for c in direct for m in c.messages.values()] == ["This form is of an older Ferry. Open it again."]


async def test_a_form_that_takes_too_long_to_examine_is_acknowledged_in_time_and_worked_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []

    async def slow(_: Desk, __: AsyncArgs) -> dict[str, str]:
        await asyncio.sleep(60)
        return {"user": "too late"}

    async def work(_: Desk, __: AsyncArgs) -> None:
        worked.append("done")

    monkeypatch.setattr(boundary, "EXAMINED_S", 0.05)
    office.bot.app._async_listeners.clear()
    office.bot.app.view("form")(examination(office.bot.desk, slow, work))
    assert await dispatch(office, AsyncBoltRequest(mode="socket_mode", body=SUBMITTED)) == [200]
    assert worked == ["done"]


async def test_in_a_channel_without_the_bot_the_answer_goes_through_the_response_url(office: Office) -> None:
    await office.requester.command("new", channel=WITHOUT_BOT)
    message = await office.requester.message(lambda m: "/invite" in m["text"], channel=WITHOUT_BOT)
    assert message["is_ephemeral"]
    assert all("/invite" not in m["text"] for m in office.workspace.state.channels[GENERAL].messages.values())


@dataclass
class Refusing:
    """The arguments of a command whose response_url takes no message with these words."""

    words: str
    body: dict[str, Any] = field(default_factory=lambda: {"response_url": "x", "channel_id": GENERAL, "user_id": REQUESTER})
    taken: list[dict[str, Any]] = field(default_factory=list)

    async def respond(self, **message: Any) -> Any:
        status = 400 if self.words in str(message) else 200
        if status == 200:
            self.taken.append(message)
        return type("Answer", (), {"status_code": status})()


async def test_a_card_is_shown_in_the_richest_form_slack_takes(office: Office) -> None:
    card = Card(text="Models", blocks=[section("Three fit"), table(["model"], [["a"], ["b"]])[0]])
    rich, plain = Refusing("nothing of it"), Refusing("'table'")
    await show(office.bot.desk, cast(AsyncArgs, rich), card)
    await show(office.bot.desk, cast(AsyncArgs, plain), card)
    assert [block["type"] for block in rich.taken[0]["blocks"]] == ["section", "table"]
    assert [block["type"] for block in plain.taken[0]["blocks"]] == ["section", "section"]
    assert all(message["response_type"] == "ephemeral" for message in (*rich.taken, *plain.taken))


async def test_a_card_that_no_response_url_takes_is_said_in_the_channel_to_the_person(office: Office) -> None:
    await show(office.bot.desk, cast(AsyncArgs, Refusing("")), Card(text="Models", blocks=[section("Three fit")]))
    assert told(office, REQUESTER) == ["Three fit"]
