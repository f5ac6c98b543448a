"""References in doubt by clicks: only the SME who was asked, the first answer, and a form that fixes."""

import json
from typing import Any

from bot.workspace.people import REQUESTER, SME_1, SME_2
from db.keys import references_card
from db.records import MessageKind, Migration, MigrationStatus, ReferenceAnswer, ReferenceCheck
from tests.bot.listeners.test_decisions import pair_of
from tests.bot.office import Office, eventually
from tests.bot.test_clicks import _told_anywhere, click, dispatch
from tests.db.facts import output, queued

QUESTION = "references:1"


async def doubted(office: Office, checks: int = 2) -> Migration:
    """A migration whose first SME is asked about references, with what two models answered."""
    migration = await office.migration()
    runs = [
        await queued(office.store, migration, run_id=m, size=8, model=m, stage=s)
        for m, s in (("a", "baseline"), ("b", "targets:1"))
    ]
    for run in runs:
        await office.store.runs.save(run.id, [output(f"s{n}", f"model said {run.id}{n}") for n in range(0, 8, 2)], [])
    given = [
        ReferenceCheck(
            id=f"c{n}", migration_id=migration.id, round=1, dataset_id=runs[0].dataset_id, sample_id=f"s{2 * n}", sme=SME_1,
            position=n, why="2 models agree against it.", suggestion=f"Better {n}.",
        )
        for n in range(checks)
    ]  # fmt: skip
    await office.store.references.open(given)
    await office.store.messages.show(
        references_card(migration.id, 1, SME_1), migration_id=migration.id, channel=migration.channel, place=SME_1,
        kind=MessageKind.REFERENCES, subject="1",
    )  # fmt: skip
    return migration


def press(migration: str, answer: str, user: str, **changes: Any) -> Any:
    action = f"reference_{answer}"
    return click(migration, action, f"c0:{answer}", user, question=QUESTION, **changes)


async def test_the_card_shows_one_reference_after_the_other_and_no_model(office: Office) -> None:
    migration, sme = await doubted(office), office.person(SME_1)
    card = await pair_of(office, SME_1, "1 of 2")
    shown = json.dumps(card["blocks"])
    for words in ("How 0?", "So 0.", "model said a0", "model said b0", "Better 0.", "2 models agree"):
        assert words in shown
    assert "recorded:today" not in shown
    await sme.click(card, "reference_keep", channel=card["channel"])
    after = await pair_of(office, SME_1, "How 2?")
    assert after["ts"] == card["ts"]
    await sme.click(after, "reference_unsure", channel=card["channel"])
    await pair_of(office, SME_1, "All done")
    answers = [check.answer for check in await office.store.references.listed(migration.id)]
    assert answers == [ReferenceAnswer.KEEP, ReferenceAnswer.UNSURE]


async def test_a_fix_is_written_in_a_form_that_opens_with_the_suggestion(office: Office) -> None:
    migration, sme = await doubted(office, checks=1), office.person(SME_1)
    card = await pair_of(office, SME_1, "1 of 1")
    await sme.click(card, "reference_fix", channel=card["channel"])
    form = await sme.modal("reference_fixed")
    assert form["blocks"][0]["element"]["initial_value"] == "Better 0."
    assert set((await sme.submit({"reference": " "}))["errors"]) == {"reference"}
    await sme.submit({"reference": "Exactly <this>."})
    await pair_of(office, SME_1, "All done")
    (check,) = await office.store.references.listed(migration.id)
    assert (check.answer, check.reference, check.by) == (ReferenceAnswer.FIX, "Exactly <this>.", SME_1)
    assert ("correct", "c0", (migration.id, "1", "c0")) in [(str(k), key, args) for k, key, args in office.engine.submitted]


async def test_a_fix_that_changes_nothing_keeps_the_reference(office: Office) -> None:
    migration, sme = await doubted(office, checks=1), office.person(SME_1)
    card = await pair_of(office, SME_1, "1 of 1")
    await sme.click(card, "reference_fix", channel=card["channel"])
    await sme.modal("reference_fixed")
    await sme.submit({"reference": "So 0. "})
    await pair_of(office, SME_1, "All done")
    (check,) = await office.store.references.listed(migration.id)
    assert (check.answer, check.reference) == (ReferenceAnswer.KEEP, None)


async def test_of_twenty_concurrent_clicks_one_stands_and_strangers_are_refused_and_audited(office: Office) -> None:
    migration = await doubted(office, checks=1)
    kinds = ["keep", "unsure"]
    own = [press(migration.id, kinds[n % 2], SME_1, stamp=f"{n}.1") for n in range(14)]
    others = [press(migration.id, "keep", user, stamp=f"{n}.2") for n, user in enumerate([SME_2, REQUESTER] * 3)]
    assert await dispatch(office, *own, *others) == [200] * 20
    (check,) = await office.store.references.listed(migration.id)
    assert (check.by, str(check.answer) in kinds) == (SME_1, True)
    events = await office.store.audit.events(migration.id)
    assert [e.actor for e in events if e.action == "checked a reference"] == [SME_1]
    refused = [(e.actor, json.loads(e.detail_json)["why"]) for e in events if e.action == "was refused"]
    assert refused.count((SME_2, "not_assigned")) == refused.count((REQUESTER, "not_assigned")) == 3
    assert refused.count((SME_1, "decided")) == 7
    assert await office.store.audit.verify() is None
    await eventually(lambda: _told_anywhere(office, SME_2, "may answer for this reference"))


async def test_nobody_answers_once_the_migration_is_over_or_for_a_reference_nobody_asked_about(office: Office) -> None:

    migration = await doubted(office, checks=1)
    unknown = click(migration.id, "reference_keep", "nothing:keep", SME_1, question=QUESTION)
    await dispatch(office, unknown)
    await eventually(lambda: _told_anywhere(office, SME_1, "not asked about"))
    await office.store.migrations.set_status(migration.id, MigrationStatus.CANCELLED, by=REQUESTER)
    await dispatch(office, press(migration.id, "keep", SME_1))
    (check,) = await office.store.references.listed(migration.id)
    assert check.answer is None


async def test_an_open_card_loses_its_buttons_when_the_migration_ends(office: Office) -> None:
    migration = await doubted(office)
    await pair_of(office, SME_1, "1 of 2")
    await office.store.migrations.set_status(migration.id, MigrationStatus.CANCELLED, by=REQUESTER)
    card = await pair_of(office, SME_1, "The migration is over")
    assert "reference_keep" not in json.dumps(card["blocks"])


async def test_the_home_tab_says_how_many_references_wait_and_only_to_whom_they_were_given(office: Office) -> None:
    migration = await doubted(office)

    async def waiting(user: str) -> tuple[tuple[str, int], ...]:
        return tuple((m.id, count) for m, count in await office.store.references.waiting_for(migration.team, user))

    assert (await waiting(SME_1), await waiting(SME_2)) == (((migration.id, 2),), ())
    assert await office.store.references.waiting_for("T0OTHER", SME_1) == ()
    await office.person(SME_1).open_home()
    await eventually(lambda: _home_says(office, "2 references to check"))
    await dispatch(office, press(migration.id, "keep", SME_1))
    assert await waiting(SME_1) == ((migration.id, 1),)
    await office.store.migrations.set_status(migration.id, MigrationStatus.CANCELLED, by=REQUESTER)
    assert await waiting(SME_1) == ()


async def _home_says(office: Office, words: str) -> bool:
    return words in json.dumps((await office.person(SME_1).see())["home"])
