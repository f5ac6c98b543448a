"""A budget is set by words and a click, or by the form; what it had stopped goes on, and a model without a price is named."""

import json

import pytest

from bot.blocks.validate import validate_view
from bot.buttons import Press
from bot.modals import budget
from bot.workspace.people import REQUESTER, SME_1
from db.keys import status_card
from db.records import Migration, MigrationStatus, Purse
from pipeline.errors import InputError
from tests.bot.listeners.test_messages import reply
from tests.bot.modals.filled import submitted
from tests.bot.office import Office, eventually
from tests.bot.test_clicks import asked, told


async def _budget(office: Office, migration: Migration) -> float | None:
    return (await office.store.purses.get(migration.id)).budget


async def test_words_propose_a_budget_and_a_click_sets_it_on_the_cards(office: Office) -> None:
    migration = await asked(office)
    card = await reply(office, migration, "set the budget to 20 USD", "Set the budget of this migration to 20.00 USD")
    assert await _budget(office, migration) is None
    await office.person(SME_1).click(card, "proposal_confirm")

    async def refused() -> bool:
        return any("set its budget" in sentence for sentence in told(office, SME_1))

    await eventually(refused)
    assert await _budget(office, migration) is None
    await office.requester.click(card, "proposal_confirm")
    await office.requester.message(lambda m: "Budget 20.00 USD: 0.00 USD charged" in json.dumps(m))
    await office.requester.message(lambda m: "*Budget* 20.00 USD in all" in json.dumps(m))
    card = await reply(office, migration, "no budget", "Take the budget away")
    await office.requester.click(card, "proposal_confirm")

    async def gone() -> bool:
        return await _budget(office, migration) is None

    await eventually(gone)
    assert [e.actor for e in await office.store.audit.events(migration.id) if e.action == "budget"] == [REQUESTER] * 2


async def test_a_budget_that_stopped_a_migration_is_raised_in_the_form_and_it_goes_on(office: Office) -> None:
    migration = await asked(office)
    await office.store.purses.set_budget(migration.id, 1.0, by=REQUESTER)
    await office.store.purses.stop(migration.id, "The budget is used up")
    await office.store.migrations.set_status(migration.id, MigrationStatus.PAUSED, by="ferry", problem="The budget is used up")
    message = await office.store.messages.get(status_card(migration.id))
    assert message
    card = await office.requester.message(lambda m: "raise the budget with *Budget*" in json.dumps(m))
    await office.requester.click(card, "budget_open")
    await office.requester.modal("budget", 10)
    await office.requester.submit({"usd": "40"})

    async def going_on() -> bool:
        return (await office.store.migrations.get(migration.id)).status is MigrationStatus.OPEN

    await eventually(going_on)
    assert await _budget(office, migration) == 40.0


async def test_a_model_without_a_price_is_named_before_a_budget_is_set(office: Office) -> None:
    migration = await office.migration(targets=("bedrock:nobody.knows-v1:0",))
    card = await reply(office, migration, "set the budget to 20 USD", "Set the budget")
    await office.requester.click(card, "proposal_confirm")

    async def named() -> bool:
        return any("the price of bedrock:nobody.knows-v1:0 is unknown" in sentence for sentence in told(office, REQUESTER))

    await eventually(named)
    assert await _budget(office, migration) is None


@pytest.mark.parametrize(
    ("text", "usd"), [("20", 20.0), ("$1,200.50", 1200.5), ("0.5 USD", 0.5), ("", None), ("40 dollars", 40.0)]
)
def test_the_form_reads_amounts_as_people_write_them(text: str, usd: float | None) -> None:
    view = budget.view(Press(migration="m1"), Purse(migration_id="m1", budget=3.0, spent=1.25))
    assert validate_view(view) == ()
    assert "1.25 USD charged" in json.dumps(view)
    assert budget.read(submitted(view, usd=text)) == (usd, {})


@pytest.mark.parametrize("text", ["-3", "0", "many", "1e99"])
def test_what_is_no_amount_gets_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match="amount above 0 in USD"):
        budget.read_budget(text)
