"""What people write in a thread: answered or proposed, and nothing changes before a click."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.opening import read_opening
from bot.process import utc_now
from bot.workspace.faults import Fault
from bot.workspace.people import REQUESTER, SME_1
from bot.workspace.server import Workspace
from db.keys import errors_card
from db.records import MessageKind, Migration, MigrationStatus
from db.store.deliveries import Deliveries
from pipeline.decide.errors.summary import dumps
from pipeline.errors import TemporaryError
from tests.bot.cards.told import ARM
from tests.bot.office import Office, eventually, open_office
from tests.bot.test_clicks import asked, told


async def reply(office: Office, migration: Migration, text: str, words: str, *, user: str = REQUESTER) -> dict[str, Any]:
    """Ferry's answer in the thread."""
    person = office.person(user)
    await person.say(text, thread_ts=migration.thread_ts)
    return await person.message(lambda m: words in json.dumps(m, ensure_ascii=False) and bool(m.get("bot_id")))


async def test_status_why_worst_and_help_are_answered(office: Office) -> None:
    migration = await office.migration()
    await reply(office, migration, "status", "outputs so far")
    await reply(office, migration, "why?", "There is no verdict yet")
    await reply(office, migration, "show worst", "There is no report yet")
    await reply(office, migration, "help", "I change nothing before a click")


async def test_errors_are_answered_from_the_newest_round_that_was_grouped(office: Office) -> None:
    migration = await asked(office)
    await reply(office, migration, "show errors", "Nothing has been grouped yet")
    key = errors_card(migration.id, 1)
    await office.store.messages.show(
        key, migration_id=migration.id, channel=migration.channel, place="thread", kind=MessageKind.ERRORS, subject="1",
        body=dumps([ARM]),
    )  # fmt: skip
    await office.requester.message(lambda m: "What goes wrong · round 1" in json.dumps(m, ensure_ascii=False))
    answer = await reply(office, migration, "why is it wrong?", "15 of 160 samples fail")
    assert "12 × says 'card_arrival' where the reference says" in json.dumps(answer, ensure_ascii=False)


async def test_a_margin_is_proposed_and_changes_the_plan_only_after_a_click(office: Office) -> None:
    migration = await asked(office)
    card = await reply(office, migration, "set the margin to 3 %", "Set the margin to 0.03")
    assert await office.store.questions.decisions(migration.id) == ()
    await office.person(SME_1).click(card, "proposal_confirm")

    async def refused() -> bool:
        return any("Only the requester" in sentence for sentence in told(office, SME_1))

    await eventually(refused)
    assert await office.store.questions.decisions(migration.id) == ()
    await office.requester.click(card, "proposal_confirm")
    await eventually(lambda: office.store.questions.decisions(migration.id))
    (decision,) = await office.store.questions.decisions(migration.id)
    assert decision.answer == "change"
    assert decision.change
    assert decision.change.margin == 0.03
    done = await office.requester.message(lambda m: m["ts"] == card["ts"] and "done" in json.dumps(m["blocks"]))
    assert "proposal_confirm" not in json.dumps(done["blocks"])


async def test_a_cost_cap_is_proposed_and_asks_for_another_plan_after_a_click(office: Office) -> None:
    migration = await asked(office)
    await reply(office, migration, "change the cost cap", "How much?")
    card = await reply(office, migration, "at most 2 USD per 1,000 calls", "Let a prompt cost at most 2.00 USD for 1,000 calls")
    await office.requester.click(card, "proposal_confirm")
    await eventually(lambda: office.store.questions.decisions(migration.id))
    (decision,) = await office.store.questions.decisions(migration.id)
    assert decision.change
    assert decision.change.most_usd == 2.0


async def test_a_proposal_is_answered_once(office: Office) -> None:
    migration = await office.migration()
    card = await reply(office, migration, "pause", "Pause this migration?")
    await office.requester.click(card, "proposal_dismiss")
    await office.requester.message(lambda m: m["ts"] == card["ts"] and "left it" in json.dumps(m["blocks"]))
    await office.requester.click(
        card,
        "proposal_confirm",
        block_id=card["blocks"][-1]["block_id"],
        element=card["blocks"][-1]["elements"][0],
    )

    async def refused() -> bool:
        return any("answered already" in sentence for sentence in told(office, REQUESTER))

    await eventually(refused)
    assert (await office.store.migrations.get(migration.id)).status is MigrationStatus.OPEN


async def test_pause_and_resume_by_words_and_click(office: Office) -> None:
    migration = await office.migration()

    async def is_status(status: MigrationStatus) -> bool:
        return (await office.store.migrations.get(migration.id)).status is status

    card = await reply(office, migration, "pause", "Pause this migration?")
    await office.requester.click(card, "proposal_confirm")
    await eventually(lambda: is_status(MigrationStatus.PAUSED))
    card = await reply(office, migration, "resume", "Go on with this migration?")
    await office.requester.click(card, "proposal_confirm")
    await eventually(lambda: is_status(MigrationStatus.OPEN))


async def test_small_talk_is_left_alone_unless_ferry_was_addressed(office: Office) -> None:
    migration = await office.migration()
    await office.requester.say("Did you see the game yesterday?", thread_ts=migration.thread_ts)
    await office.quiet()
    assert not [m for m in await office.store.messages.of(migration.id) if m.kind is MessageKind.REPLY]
    await reply(office, migration, "@Ferry did you see the game yesterday?", "I did not understand that")


async def test_a_mention_opens_the_form_with_what_was_read(office: Office) -> None:
    await office.requester.say("@Ferry move our support classifier from GPT-4o to Haiku 4.5")
    card = await office.requester.message(lambda m: "start_open" in json.dumps(m.get("blocks", [])))
    await office.requester.click(card, "start_open")
    view = await office.requester.modal("new_migration")
    shown = json.dumps(view["blocks"])
    assert all(words in shown for words in ("Support classifier", "GPT-4o", "Haiku 4.5"))


class Forgetful:
    """The deliveries of a bot that is killed before it can note that one is done."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def __getattr__(self, name: str) -> object:
        return getattr(self._deliveries, name)

    async def done(self, _key: str, *, refused: bool = False) -> None:
        raise TemporaryError("The database cannot be reached right now.")


async def test_a_mention_that_is_worked_on_twice_is_answered_once_under_it(workspace: Workspace, tmp_path: Path) -> None:
    def starts(office: Office) -> list[dict[str, Any]]:
        return [m for m in office.workspace.general().messages.values() if "start_open" in json.dumps(m.get("blocks", []))]

    async with open_office(workspace, tmp_path) as office:
        office.store.deliveries = Forgetful(office.store.deliveries)  # type: ignore[assignment]
        workspace.faults.add(Fault(kind="drop", method="chat.postMessage"))
        said = await office.requester.say("@Ferry move our support classifier from GPT-4o to Haiku 4.5")
        await office.requester.message(lambda m: "start_open" in json.dumps(m.get("blocks", [])))
        assert len(await office.store.deliveries.waiting(utc_now())) == 1
    async with open_office(workspace, tmp_path) as office:
        await office.quiet()
        assert await office.store.deliveries.waiting(utc_now()) == ()
        assert [card["thread_ts"] for card in starts(office)] == [said["ts"]]


async def test_the_home_shows_what_waits_for_me_and_only_mine(office: Office) -> None:
    await asked(office)
    await office.requester.open_home()
    home = await office.requester.wait(lambda seen: seen["home"])
    assert "Support tickets" in json.dumps(home)
    assert "Plan" in json.dumps(home)
    stranger = office.person(SME_1)
    await stranger.open_home()
    theirs = await stranger.wait(lambda seen: seen["home"])
    assert "Nothing." in json.dumps(theirs)


@pytest.mark.parametrize(
    ("text", "prefill"),
    [
        ("move our bot from a to b", {"name": "Bot", "source": "a", "targets": "b"}),
        ("Please migrate the FAQ from x to y and z!", {"name": "FAQ", "source": "x", "targets": "y\nz"}),
        ("hello", {}),
        ("from a to b", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_what_a_mention_says(text: str, prefill: dict[str, str]) -> None:
    assert read_opening(text).prefill == prefill
    assert read_opening(text).sentence
