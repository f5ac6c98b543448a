"""Batch jobs or calls on demand: the plan shows both with their cost, a button or words and a click choose."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.workspace.people import OWNER, REQUESTER, SME_1
from bot.workspace.server import Workspace
from db.records import Migration
from pipeline.records import Dataset, Sample, Split
from tests.bot.listeners.test_messages import reply
from tests.bot.office import Office, eventually, open_office
from tests.bot.test_clicks import asked, told
from tests.pipeline.models.batch.peer import REF, ROLE


@pytest.fixture
async def batching(workspace: Workspace, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(workspace, tmp_path, batch_role=ROLE, batch_bucket="s3://answers/x") as opened:
        yield opened


async def planned(office: Office, ref: str = REF) -> Migration:
    """A plan over 500 test samples is asked about."""
    migration = await office.migration(source=ref)
    samples = tuple(Sample(id=f"s{n}", variables={"question": f"How {n}?"}, reference="x" * 40) for n in range(500))
    dataset = Dataset(samples=samples, splits={sample.id: Split.TEST for sample in samples})
    await office.store.datasets.add_upload("big", migration.id, "big.csv", "uploads/big", REQUESTER)
    await office.store.datasets.freeze("big", dataset)
    return await asked(office, of=migration, source=ref)


async def wanted(office: Office, migration: Migration) -> bool | None:
    choice = await office.store.batches.choice(migration.id)
    return choice.wanted if choice else None


async def test_a_button_on_the_plan_chooses_and_the_other_takes_it_back(batching: Office) -> None:
    migration = await planned(batching)
    card = await batching.requester.message(lambda m: "Use batch jobs" in json.dumps(m))
    shown = json.dumps(card)
    for words in ("each run: on demand about", "460 by batch about", "Batch gives up: no latency", "no promise of when"):
        assert words in shown
    await batching.requester.click(card, "ways_choose")
    card = await batching.requester.message(lambda m: f"batch jobs, as <@{REQUESTER}> chose" in json.dumps(m))
    assert await wanted(batching, migration) is True
    await batching.requester.click(card, "ways_choose")
    await batching.requester.message(lambda m: f"calls on demand, as <@{REQUESTER}> chose" in json.dumps(m))
    assert await wanted(batching, migration) is False
    events = [e for e in await batching.store.audit.events(migration.id) if e.action == "batch jobs"]
    assert [(e.actor, e.detail_json) for e in events] == [(REQUESTER, '{"batch":"true"}'), (REQUESTER, '{"batch":"false"}')]


async def test_words_propose_and_the_click_of_who_may_chooses(batching: Office) -> None:
    migration = await planned(batching)
    card = await reply(batching, migration, "use batch jobs", "Let runs on test go by Bedrock batch jobs")
    assert await wanted(batching, migration) is None
    await batching.person(SME_1).click(card, "proposal_confirm")

    async def refused() -> bool:
        return any("decide on its plan" in sentence for sentence in told(batching, SME_1))

    await eventually(refused)
    await batching.person(OWNER).click(card, "proposal_confirm")

    async def chosen() -> bool:
        return await wanted(batching, migration) is True

    await eventually(chosen)


async def test_where_no_model_is_on_bedrock_nothing_is_offered(batching: Office) -> None:
    migration = await planned(batching, "local:b")
    await batching.quiet()
    assert await reply(batching, migration, "use batch jobs", "no model of this migration is on Bedrock")
    card = await batching.requester.message(lambda m: "plan_approve" in json.dumps(m))
    assert "ways_choose" not in json.dumps(card)


async def test_where_it_is_not_set_up_a_click_says_what_the_operator_has_to_do(office: Office) -> None:
    migration = await planned(office)
    card = await office.requester.message(lambda m: "plan_approve" in json.dumps(m))
    assert "ways_choose" not in json.dumps(card)
    card = await reply(office, migration, "use batch jobs", "Let runs on test go by Bedrock batch jobs")
    await office.requester.click(card, "proposal_confirm")

    async def said() -> bool:
        return any("FERRY_BATCH_ROLE" in sentence for sentence in told(office, REQUESTER))

    await eventually(said)
    assert await wanted(office, migration) is None
