"""`/migrate` and its sub-commands, as a person types them."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.modals import new_migration
from bot.story import DETAILS
from bot.workspace.people import ARCHIVED, GENERAL, OWNER, REQUESTER, SME_1, TEAM, WITHOUT_BOT
from bot.workspace.person import WorkspaceError
from bot.workspace.server import Workspace
from db.records import MigrationStatus
from tests.bot.office import Office, eventually, open_office
from tests.bot.test_clicks import asked

FORM = {**DETAILS, "targets": "local:gemma3-270m", "prompt": "Message: {question}\nIntent:"}


async def answer(office: Office, text: str, words: str, *, user: str = REQUESTER, channel: str = GENERAL) -> str:
    """What the person alone is told; it has to hold `words`."""
    person = office.person(user)
    await person.command(text, channel=channel)
    message = await person.message(lambda m: m["is_ephemeral"] and words in m["text"], channel=channel)
    return str(message["text"])


@pytest.mark.parametrize("text", ["help", "what", "HELP me", "new-ish"])
async def test_help_and_whatever_is_not_known(office: Office, text: str) -> None:
    assert "/migrate again" in await answer(office, text, "/migrate new")


@pytest.mark.parametrize("text", ["", "new", "new Support tickets"])
async def test_new_opens_the_form(office: Office, text: str) -> None:
    await office.requester.command(text)
    view = await office.requester.modal(new_migration.CALLBACK)
    assert ("Support tickets" in str(view["blocks"])) is text.endswith("tickets")


@pytest.mark.parametrize(("channel", "words"), [(WITHOUT_BOT, "/invite @Ferry"), (ARCHIVED, "archived")])
async def test_a_channel_that_cannot_hold_a_migration_is_refused_with_the_way_out(
    office: Office, channel: str, words: str
) -> None:
    await answer(office, "new", words, channel=channel)
    assert (await office.requester.see())["modal"] is None


async def test_every_wrong_field_is_told_at_once_and_the_form_can_be_sent_again(office: Office) -> None:
    await office.requester.command("new")
    await office.requester.modal(new_migration.CALLBACK)
    wrong = {**FORM, "owner": REQUESTER, "targets": "gpt-4o", "prompt": "no variable", "tokens": "many", "source": "somewhere"}
    errors = (await office.requester.submit(wrong))["errors"]
    assert set(errors) == {"owner", "targets", "prompt", "tokens", "source"}
    assert (await office.requester.submit(wrong))["errors"] == errors
    assert not (await office.requester.submit(FORM)).get("errors")
    await office.quiet()
    (migration,) = await office.store.migrations.listed(TEAM, REQUESTER)
    prompt = await office.store.prompts.original(migration.id)
    assert (prompt.parameters.max_tokens, prompt.parameters.stop) == (12, ("\n",))
    assert (migration.owner, migration.targets) == (OWNER, ("local:gemma3-270m",))


async def test_a_form_submitted_twice_opens_one_migration(office: Office) -> None:
    await office.requester.command("new")
    view = await office.requester.modal(new_migration.CALLBACK)
    await office.requester.submit(FORM)
    with pytest.raises(WorkspaceError):
        await office.requester.submit(FORM, view_id=view["id"])
    await office.quiet()
    assert len(await office.store.migrations.listed(TEAM, REQUESTER)) == 1


async def shortlisted(office: Office, words: str) -> dict[str, Any]:
    """The message with the shortlist, which the person alone sees."""
    await office.requester.command(f"models {words}")
    return await office.requester.message(lambda m: m["is_ephemeral"] and "fit" in m["text"])


async def test_models_are_shortlisted_as_a_table_for_the_person_alone(office: Office) -> None:
    message = await shortlisted(office, "context 100k, under 1 USD, image, eu, not anthropic")
    assert "in eu" in message["text"]
    (table,) = (block for block in message["blocks"] if block["type"] == "table")
    rows = [[cell["text"] for cell in line] for line in table["rows"]]
    assert "bedrock:eu.amazon.nova-lite-v1:0" in {line[0] for line in rows}
    assert "anthropic" not in str(rows)
    assert "fell out, by first reason" in str(message["blocks"])


async def test_words_about_models_that_mean_nothing_are_named_and_do_nothing(office: Office) -> None:
    shown = str((await shortlisted(office, "fast <!channel> us"))["blocks"])
    assert "Not understood and left out: fast" in shown
    assert "<!channel>" not in shown


async def test_the_operators_prices_and_figures_are_in_the_shortlist(workspace: Workspace, tmp_path: Path) -> None:
    ref = "bedrock:eu.amazon.nova-lite-v1:0"
    (tmp_path / "prices.json").write_text(json.dumps({ref: {"input": 0.01, "output": 0.01, "source": "contract 7"}}))
    figures = "model,name,figure,date,source\n" + f"{ref},MMLU,80.5,2026-09-01,vendor\n"
    (tmp_path / "figures.csv").write_text(figures)
    own: dict[str, Any] = {"prices": tmp_path / "prices.json", "benchmarks": tmp_path / "figures.csv"}
    async with open_office(workspace, tmp_path / "home", **own) as office:
        shown = str((await shortlisted(office, "eu"))["blocks"])
        assert "contract 7" in shown
        assert "MMLU 80\u2060.5" in shown or "MMLU 80.5" in shown


async def test_list_and_status(office: Office) -> None:
    await answer(office, "list", "You have no migrations yet")
    migration = await office.migration()
    assert migration.name in await answer(office, "list", "Support tickets")
    assert "dataset" in await answer(office, "status", "waits for")
    await answer(office, "status nothing-like-it", "There is no migration with", user=SME_1)


async def test_report_before_there_is_one(office: Office) -> None:
    await office.migration()
    await answer(office, "report", "There is no report in this channel yet")


async def test_cancel_is_for_requester_and_owner_and_asks_which_one(office: Office) -> None:
    migration = await office.migration()
    await answer(office, "cancel", "Only the requester", user=SME_1)
    second = await office.migration(origin="test:2", name="Other tickets")
    await answer(office, "cancel", "Which one?")
    await answer(office, "cancel other", "is cancelled")
    assert (await office.store.migrations.get(second.id)).status is MigrationStatus.CANCELLED
    assert (await office.store.migrations.get(migration.id)).status is MigrationStatus.OPEN


async def test_again_opens_the_form_with_everything_and_reuses_the_dataset(office: Office) -> None:
    from tests.db.facts import frozen

    migration = await office.migration(targets=("local:gemma3-270m",))
    await frozen(office.store, migration)
    await office.store.migrations.set_status(migration.id, MigrationStatus.CANCELLED, by=REQUESTER)
    await office.requester.command("again support")
    view = await office.requester.modal(new_migration.CALLBACK)
    assert "Support tickets" in str(view["blocks"])
    answered = await office.requester.submit({"name": "Support tickets again"})
    assert not answered.get("errors")

    async def reused() -> bool:
        mine = await office.store.migrations.listed(TEAM, REQUESTER)
        new = [m for m in mine if m.again_of == migration.id]
        return bool(new) and await office.store.datasets.latest(new[0].id) is not None

    await eventually(reused)


async def test_status_names_the_question_and_since_when(office: Office) -> None:
    await asked(office)
    assert "plan" in await answer(office, "status", "waits for: ")
