"""Sign-off with words, plan changes by form, and blind pairs: what the forms lead to."""

import json
from typing import Any

import pytest

from bot.process import utc_now
from bot.workspace.people import OWNER, REQUESTER, SME_1, SME_2
from db.keys import review_card
from db.records import (
    Assignment,
    Choice,
    Decision,
    MessageKind,
    Migration,
    MigrationStatus,
    Question,
    QuestionKind,
    StoredReport,
)
from pipeline.report.storage import dumps
from tests.bot.cards.told import REPORT
from tests.bot.office import Office, eventually
from tests.bot.test_clicks import asked, click, dispatch, told
from tests.db.facts import output, queued


def has(action: str) -> Any:
    return lambda m: action in json.dumps(m.get("blocks", []))


async def reported(office: Office, **changes: Any) -> Migration:
    """A migration, with `changes` of its fields, that waits for the sign-off of a report."""
    migration = await office.migration(**changes)
    stored = StoredReport(migration_id=migration.id, number=1, hash=REPORT.hash, json=dumps(REPORT), files=())
    await office.store.reports.add(stored)
    kind = QuestionKind.SIGN_OFF
    question = Question(migration_id=migration.id, key="sign_off:1", kind=kind, subject=REPORT.hash, asked_at=utc_now())
    await office.store.questions.ask(question)
    return migration


async def test_rejecting_asks_for_a_reason_and_keeps_it_in_the_thread(office: Office) -> None:
    migration, owner = await reported(office), office.person(OWNER)
    card = await owner.message(has("sign_off_reject"))
    await owner.click(card, "sign_off_reject")
    await owner.modal("decision_note")
    assert set((await owner.submit({}))["errors"]) == {"note"}
    await owner.submit({"note": "Too slow for <!channel>."})
    after = await owner.message(lambda m: m["ts"] == card["ts"] and "Rejected" in json.dumps(m["blocks"]))
    assert "Too slow for &lt;" in json.dumps(after["blocks"])
    assert "sign_off_approve" not in json.dumps(after["blocks"])
    decision = await office.store.questions.decision(migration.id, "sign_off:1")
    assert decision
    assert (decision.answer, decision.by, decision.note) == ("reject", OWNER, "Too slow for <!channel>.")
    assert await office.store.reports.sign_off(migration.id) is None


async def test_a_sign_off_binds_the_owner_to_the_report_that_was_shown(office: Office) -> None:
    migration, owner = await reported(office), office.person(OWNER)
    card = await owner.message(has("sign_off_approve"))
    assert REPORT.hash[:16] in json.dumps(card["blocks"])
    await owner.click(card, "sign_off_approve")
    await eventually(lambda: office.store.reports.sign_off(migration.id))
    signed = await office.store.reports.sign_off(migration.id)
    assert signed
    assert (signed.by, signed.report_hash) == (OWNER, REPORT.hash)


@pytest.mark.parametrize("way", ["button", "command"])
async def test_who_cancels_after_the_sign_off_is_told_who_decided(office: Office, way: str) -> None:
    migration = await reported(office)
    given = Decision(migration_id=migration.id, question="sign_off:1", answer="approve", by=OWNER, at=utc_now())
    await office.store.questions.decide(given)  # and the bot was killed before anything came of it
    if way == "button":
        await dispatch(office, click(migration.id, "migration_cancel", "cancel", REQUESTER, question=""))
    else:
        await office.requester.command("cancel")
    await office.bot.desk.settled()
    assert f"by <@{OWNER}>" in told(office, REQUESTER)[-1]
    assert "is cancelled" not in "".join(told(office, REQUESTER))
    assert (await office.store.migrations.get(migration.id)).status is MigrationStatus.OPEN
    assert (await office.store.audit.events(migration.id))[-1].action == "was refused"


async def test_who_cancels_a_paused_migration_after_the_sign_off_is_told_that_resume_carries_it_out(office: Office) -> None:
    migration = await reported(office)
    await office.store.migrations.set_status(migration.id, MigrationStatus.PAUSED, by=REQUESTER)
    given = Decision(migration_id=migration.id, question="sign_off:1", answer="approve", by=OWNER, at=utc_now())
    await office.store.questions.decide(given)
    await dispatch(office, click(migration.id, "migration_cancel", "cancel", REQUESTER, question=""))
    assert "*Resume* on the status card carries that decision out" in told(office, REQUESTER)[-1]


async def test_a_plan_is_changed_by_a_form_and_an_empty_change_is_refused(office: Office) -> None:
    migration = await asked(office)
    card = await office.requester.message(has("plan_change"))
    await office.requester.click(card, "plan_change")
    await office.requester.modal("plan_change")
    assert set((await office.requester.submit({}))["errors"]) == {"margin"}
    wrong = {"margin": "2", "review_pairs": "-1", "add_target": "gpt"}
    assert set((await office.requester.submit(wrong))["errors"]) == set(wrong)
    assert not (await office.requester.submit({"margin": "3 %", "review_pairs": "4", "add_target": ""})).get("errors")
    await eventually(lambda: office.store.questions.decision(migration.id, "plan:1"))
    decision = await office.store.questions.decision(migration.id, "plan:1")
    assert decision
    assert decision.change
    assert (decision.answer, decision.change.margin, decision.change.review_pairs) == ("change", 0.03, 4)
    assert (decision.change.metric, decision.change.add_target) == (None, None)


async def test_a_form_that_was_open_while_somebody_decided_is_told_who(office: Office) -> None:
    await asked(office)
    card = await office.requester.message(has("plan_change"))
    await office.requester.click(card, "plan_change")
    await office.requester.modal("plan_change")
    await office.person(OWNER).click(card, "plan_approve")
    await office.quiet()
    await office.requester.submit({"margin": "0.01"})

    async def in_direct_messages() -> bool:
        channels = office.workspace.state.channels.values()
        texts = [m["text"] for c in channels if c.is_im and REQUESTER in c.members for m in c.messages.values()]
        return any(f"*Approved* by <@{OWNER}>" in text for text in texts)

    await eventually(in_direct_messages)


async def paired(office: Office, pairs: int = 2) -> Migration:
    """A migration with `pairs` blind pairs for each of two SMEs, shown to them. It rests, or its graph would go on to a plan."""
    migration = await office.migration()
    await office.store.migrations.set_status(migration.id, MigrationStatus.PAUSED, by=REQUESTER)
    runs = [await queued(office.store, migration, run_id=run, size=8, model=run) for run in ("r1", "r2")]
    for run in runs:
        await office.store.runs.save(run.id, [output(f"s{n}", f"{run.id} says {n}") for n in range(0, 8, 2)], [])
    smes = (SME_1, SME_2)
    given = [
        Assignment(id=f"{sme}-{n}", migration_id=migration.id, round=1, sample_id=f"s{2 * n}", sme=sme, run_a="r1", run_b="r2")
        for sme in smes
        for n in range(pairs)
    ]
    await office.store.reviews.open(given)
    for sme in smes:
        key = review_card(migration.id, 1, sme)
        await office.store.messages.show(
            key, migration_id=migration.id, channel=migration.channel, place=sme, kind=MessageKind.REVIEW, subject="1"
        )
    return migration


async def pair_of(office: Office, sme: str, words: str) -> dict[str, Any]:
    """The message in the SME's conversation with Ferry that says `words`, with its channel."""

    def found(seen: dict[str, Any]) -> dict[str, Any] | None:
        for channel in seen["channels"]:
            for message in channel["messages"] if channel["kind"] == "im" else []:
                if words in json.dumps(message.get("blocks", []), ensure_ascii=False):
                    return {**message, "channel": channel["id"]}
        return None

    return await office.person(sme).wait(found)


async def test_the_next_pair_takes_the_place_of_the_judged_one(office: Office) -> None:
    migration = await paired(office)
    first = await pair_of(office, SME_1, "pair 1 of 2")
    await office.person(SME_1).click(first, "review_b", channel=first["channel"])
    second = await pair_of(office, SME_1, "pair 2 of 2")
    assert second["ts"] == first["ts"]
    await office.person(SME_1).click(second, "review_same", channel=second["channel"])
    done = await pair_of(office, SME_1, "All done")
    assert "review_a" not in json.dumps(done["blocks"])
    judged = [(a.sme, p.choice) for a, p in await office.store.reviews.preferences(migration.id, 1)]
    assert judged == [(SME_1, Choice.B), (SME_1, Choice.SAME)]


async def test_a_reason_and_a_better_reference_are_kept(office: Office) -> None:
    migration = await paired(office, 1)
    card = await pair_of(office, SME_1, "pair 1 of 1")
    await office.person(SME_1).click(card, "review_reason", channel=card["channel"])
    await office.person(SME_1).modal("review_reason")
    assert set((await office.person(SME_1).submit({"reason": "No choice made"}))["errors"]) == {"choice"}
    await office.person(SME_1).submit({"choice": "a", "reason": "Shorter.", "reference": "So be it."})
    await pair_of(office, SME_1, "All done")
    ((_, preference),) = await office.store.reviews.preferences(migration.id, 1)
    assert (preference.choice, preference.reason) == (Choice.A, "Shorter.\nThe reference should say: So be it.")


async def test_a_pair_is_judged_by_the_sme_it_was_given_to_and_once(office: Office) -> None:
    migration = await paired(office, 1)
    card = await pair_of(office, SME_1, "pair 1 of 1")
    element = next(e for b in card["blocks"] for e in b.get("elements", []) if e.get("action_id") == "review_a")
    block = next(b["block_id"] for b in card["blocks"] if element in b.get("elements", []))
    stolen = await pair_of(office, SME_2, "pair 1 of 1")
    more = {"block_id": block, "element": element, "channel": stolen["channel"]}
    await office.person(SME_2).click(stolen, "review_a", **more)
    await office.quiet()
    assert await office.store.reviews.preferences(migration.id, 1) == ()
    for action in ("review_a", "review_b"):
        await office.person(SME_1).click(card, action, channel=card["channel"])
    await pair_of(office, SME_1, "All done")
    ((assignment, preference),) = await office.store.reviews.preferences(migration.id, 1)
    assert (assignment.sme, preference.choice) == (SME_1, Choice.A)
    refused = [event for event in await office.store.audit.events(migration.id) if event.action == "was refused"]
    assert [event.actor for event in refused] == [SME_2]
    assert told(office, SME_1) == []
