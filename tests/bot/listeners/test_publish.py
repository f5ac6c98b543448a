"""Publishing by words and a click: proposed after the sign-off, decided by a lead's click, written down before it is done."""

from typing import Any

from agent.engine import WorkKind
from bot.workspace.people import OWNER, SME_1
from db.records import Decision, Migration, MigrationStatus
from tests.bot.listeners.test_decisions import has, reported
from tests.bot.listeners.test_messages import reply
from tests.bot.office import Office, eventually
from tests.bot.test_clicks import told


async def signed(office: Office, **changes: Any) -> Migration:
    """Signed by facts alone, so that nothing else is under way."""
    migration = await reported(office, **changes)
    decision = Decision(migration_id=migration.id, question="sign_off:1", answer="approve", by=OWNER, at=office.bot.desk.clock())
    await office.store.questions.decide(decision)
    await office.store.migrations.set_status(migration.id, MigrationStatus.SIGNED, by=OWNER)
    return migration


async def published(office: Office) -> list[tuple[str, ...]]:
    return [args for kind, _, args in office.engine.submitted if kind is WorkKind.PUBLISH]


async def test_before_the_sign_off_there_is_nothing_to_publish(office: Office) -> None:
    migration = await office.migration()
    await reply(office, migration, "publish", "once it is signed")
    assert await published(office) == []


async def test_words_propose_and_a_leads_click_publishes(office: Office) -> None:
    migration = await signed(office)
    await reply(office, migration, "publish as a--b", "Which name?")
    card = await reply(office, migration, "publish", "prompt management as support-tickets?")
    await office.person(SME_1).click(card, "proposal_confirm")

    async def refused() -> bool:
        return any("may publish its prompt" in sentence for sentence in told(office, SME_1))

    await eventually(refused)
    assert await published(office) == []
    card = await reply(office, migration, "publish the prompt as Support_1", "prompt management as Support_1?")
    await office.person(OWNER).click(card, "proposal_confirm")
    await eventually(lambda: published(office))
    assert await published(office) == [(migration.id, "Support_1")]
    events = [event for event in await office.store.audit.events(migration.id) if event.action == "asked to publish"]
    assert [(event.actor, event.detail_json) for event in events] == [(OWNER, '{"name":"Support_1"}')]


async def test_the_button_under_the_sign_off_asks_for_the_name_and_publishes(office: Office) -> None:
    migration = await signed(office, targets=("bedrock:amazon.nova-lite-v1:0",))
    office.bot.desk.outbox.nudge()
    owner = office.person(OWNER)
    card = await owner.message(has("publish_open"))
    await office.person(SME_1).click(card, "publish_open")

    async def refused() -> bool:
        return any("may publish its prompt" in sentence for sentence in told(office, SME_1))

    await eventually(refused)
    await owner.click(card, "publish_open")
    form = await owner.modal("publish")
    assert "support-tickets" in str(form)
    assert "single - or _ between" in (await owner.submit({"name": "a--b"}))["errors"]["name"]
    assert (await owner.submit({"name": "Support_1"})).get("errors") is None
    await eventually(lambda: published(office))
    assert await published(office) == [(migration.id, "Support_1")]
