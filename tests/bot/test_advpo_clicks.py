"""Advanced Prompt Optimization and a faster target by clicks, forms and words on the wire."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.engine import WorkKind
from bot.workspace.people import OWNER, REQUESTER, SME_1
from bot.workspace.server import Workspace
from db.keys import prompts_card
from db.records import AdvpoJob, MessageKind, Migration, MigrationStatus
from pipeline.prompts.rounds import Technique
from tests.bot.listeners.test_decisions import has
from tests.bot.office import Office, eventually, open_office
from tests.bot.test_clicks import _told_anywhere, click, dispatch, told
from tests.bot.test_prompt_clicks import asked
from tests.bot.test_round_clicks import proposed, said

NOVA = "bedrock:eu.amazon.nova-lite-v1:0"


@pytest.fixture
async def asking(workspace: Workspace, tmp_path: Path) -> AsyncIterator[Office]:
    """A bot whose operator set Advanced Prompt Optimization up."""
    async with open_office(workspace, tmp_path, advpo_bucket="s3://answers/x") as opened:
        yield opened


async def jobs(office: Office, migration: Migration) -> tuple[AdvpoJob, ...]:
    return await office.store.advpo.of(migration.id, 1)


def at(migration: Migration, action: str, user: str, stamp: str = "1.1") -> Any:
    return click(migration.id, action, "0:", user, question="prompts:1", stamp=stamp)


async def shown(office: Office, words: str) -> dict[str, Any]:
    return await office.requester.message(
        lambda m: has("prompt_look")(m) and words in json.dumps(m["blocks"], ensure_ascii=False)
    )


async def test_a_click_asks_for_it_the_card_tells_and_a_click_stops_it(asking: Office) -> None:
    migration = await asked(asking, NOVA)
    card = await asking.requester.message(has("advpo_ask"))
    (button,) = [e for b in card["blocks"] for e in b.get("elements", ()) if e.get("action_id") == "advpo_ask"]
    sentence = button["confirm"]["text"]["text"]
    assert "4 dev samples with references, never test" in sentence
    assert "they are not in the budget" in sentence
    await asking.requester.click(card, "advpo_ask")
    await shown(asking, f"asked for by <@{REQUESTER}>")
    (job,) = await jobs(asking, migration)
    assert (job.target, job.by, job.attempt) == (NOVA, REQUESTER, 1)
    assert (WorkKind.ADVPO, job.id, (migration.id, "1", NOVA, "1")) in asking.engine.submitted
    await dispatch(asking, at(migration, "advpo_ask", OWNER))
    assert any(f"<@{REQUESTER}> asked for it already" in sentence for sentence in told(asking, OWNER))
    await asking.store.advpo.begin(job, "arn:1", asking.bot.desk.clock())
    asking.bot.desk.outbox.nudge()
    await shown(asking, "under way at AWS")
    await asking.person(OWNER).click(await asking.person(OWNER).message(has("advpo_stop")), "advpo_stop")
    await shown(asking, f"<@{OWNER}> wants it stopped")
    await dispatch(asking, at(migration, "advpo_stop", REQUESTER))
    assert any(f"<@{OWNER}> stopped it already" in sentence for sentence in told(asking, REQUESTER))
    events = [event.action for event in await asking.store.audit.events(migration.id)]
    assert [each for each in events if "optimisation" in each] == ["asked for an optimisation", "stopped an optimisation"]


async def test_who_may_not_when_it_may_not_and_where_it_cannot(asking: Office) -> None:
    migration = await asked(asking, NOVA)
    await dispatch(asking, at(migration, "advpo_ask", SME_1), at(migration, "advpo_stop", REQUESTER, "2.1"))
    assert ["Only the requester" in sentence for sentence in told(asking, SME_1)] == [True]
    assert any("No optimisation is under way" in sentence for sentence in told(asking, REQUESTER))
    await asking.store.migrations.set_status(migration.id, MigrationStatus.PAUSED, by=REQUESTER)
    await dispatch(asking, at(migration, "advpo_ask", REQUESTER, "3.1"))
    assert any("paused" in sentence for sentence in told(asking, REQUESTER))
    await asking.store.migrations.set_status(migration.id, MigrationStatus.OPEN, by=REQUESTER)
    await dispatch(asking, click(migration.id, "prompts_use", "use", OWNER, question="prompts:1", stamp="4.1"))
    await dispatch(asking, at(migration, "advpo_ask", REQUESTER, "5.1"))
    assert any("accepted already" in sentence for sentence in told(asking, REQUESTER))
    assert await jobs(asking, migration) == ()


async def test_words_propose_it_and_stop_it(asking: Office) -> None:
    migration, person = await asked(asking, NOVA), asking.requester
    await said(asking, migration, "stop advpo", "No optimisation is under way")
    await said(asking, migration, "optimise bedrock:other with advpo", "not the one you named")
    await person.click(await said(asking, migration, "optimise with advpo", "Optimization to rewrite"), "proposal_confirm")
    await eventually(lambda: jobs(asking, migration))
    await person.click(await said(asking, migration, "stop the optimisation", "Stop the optimisation for"), "proposal_confirm")

    async def stopped() -> bool:
        return (await jobs(asking, migration))[0].stopped_by == REQUESTER

    await eventually(stopped)


async def test_without_a_bucket_the_card_and_the_words_say_what_is_missing(office: Office) -> None:
    migration = await asked(office, NOVA)
    card = await shown(office, "has not set FERRY_ADVPO_BUCKET")
    assert not has("advpo_ask")(card)
    await said(office, migration, "optimise with advpo", "is not set up here")
    await dispatch(office, at(migration, "advpo_ask", REQUESTER))
    assert any("the operator sets FERRY_ADVPO_BUCKET" in sentence for sentence in told(office, REQUESTER))
    assert await jobs(office, migration) == ()


async def test_methods_that_were_not_tried_are_told_with_the_reason(office: Office) -> None:
    migration = await asked(office)
    await office.store.messages.show(
        prompts_card(migration.id, 1), migration_id=migration.id, channel=migration.channel, place="thread",
        kind=MessageKind.PROMPTS, subject="1", body=json.dumps({"local:a": ["OptimizePrompt was not tried: <why>."]}),
    )  # fmt: skip
    office.bot.desk.outbox.nudge()
    await shown(office, "OptimizePrompt was not tried: &lt;why&gt;.")
    await shown(office, "rewrites prompts for models on Bedrock alone")


async def test_shorter_answers_are_chosen_beside_what_else_makes_it_faster(office: Office) -> None:
    migration, person = await asked(office, "bedrock:amazon.nova-pro-v1:0"), office.requester
    await said(office, migration, "make it faster", "Shorter answers are not proposed")
    await person.click(await person.message(has("prompts_faster")), "prompts_faster")
    await eventually(lambda: _in_modal(office, "Latency-optimised inference"))
    assert (await person.see())["modal"].get("submit") is None
    await person.close()
    shorter = {"technique": Technique.SHORTER, "group": "", "sentence": "Answers have 41 output tokens: say how many words."}
    turns = [proposed(migration), proposed(migration, id="t2", position=1, **shorter)]
    await office.store.rounds.propose([replace(turn, target="bedrock:amazon.nova-pro-v1:0") for turn in turns])
    proposal = await said(office, migration, "make it faster", "Do a round of shorter answers on dev")
    shown = json.dumps(proposal["blocks"], ensure_ascii=False)
    for words in ("Provisioned throughput", "2026-11", "Priority tier", "say how many words"):
        assert words in shown
    await person.click(await person.message(has("prompts_faster")), "prompts_faster")
    await eventually(lambda: _in_modal(office, "Start the round"))
    assert (await person.submit({})).get("errors") is None
    await eventually(lambda: office.store.questions.decision(migration.id, "prompts:1"))
    assert [turn.id for turn in await office.store.rounds.of(migration.id, 1) if turn.asked] == ["t2"]
    await dispatch(office, click(migration.id, "prompts_faster", "round", OWNER, question="prompts:1"))
    assert await _told_anywhere(office, OWNER, "Already decided")


async def _in_modal(office: Office, words: str) -> bool:
    return words in json.dumps((await office.requester.see())["modal"], ensure_ascii=False)
