"""Turns of a round and words about prompts, as people press and write them: proposals, own words, keep, revert."""

import asyncio
import json
from typing import Any

import pytest

from agent.engine import WorkKind
from bot.workspace.people import OWNER, REQUESTER
from db.keys import round_card
from db.records import Effect, MessageKind, Migration, Turn
from pipeline.hashing import canonical_json
from pipeline.prompts.rounds import Proposal, Technique
from pipeline.records import PromptVersion
from tests.bot.listeners.test_decisions import has
from tests.bot.office import Office, eventually
from tests.bot.test_clicks import _told_anywhere, click, dispatch, told
from tests.bot.test_prompt_clicks import AS_IS, RULES, TARGET, asked, looked


def proposed(migration: Migration, **changes: Any) -> Turn:
    """A proposal for the first turn."""
    said = Proposal(
        technique=Technique.INSTRUCTION, group="says no", sentence="3 failures: say yes.", sample_ids=("s6",), words="x"
    )
    given: dict[str, Any] = {
        "id": "t1", "migration_id": migration.id, "number": 1, "turn": 1, "target": TARGET, "position": 0,
        "technique": said.technique, "group": said.group, "sentence": said.sentence, "proposal": canonical_json(said),
        "sample_ids": said.sample_ids, "parent": RULES.hash,
    }  # fmt: skip
    return Turn(**{**given, **changes})


async def test_another_round_takes_a_proposal(office: Office) -> None:
    migration, person = await asked(office), office.requester
    await office.store.rounds.propose([proposed(migration)])
    await person.click(await person.message(has("prompts_round")), "prompts_round")
    assert "3 failures: say yes." in str(await person.modal("prompt_round"))
    assert (await person.submit({})).get("errors") is None
    await eventually(lambda: office.store.questions.decision(migration.id, "prompts:1"))
    decision = await office.store.questions.decision(migration.id, "prompts:1")
    assert decision
    assert (decision.answer, decision.by) == ("round", REQUESTER)
    assert (await office.store.rounds.get("t1")).asked


async def test_of_two_people_at_once_one_round_begins_and_the_other_is_told_whose(office: Office) -> None:
    migration, people = await asked(office), [office.requester, office.person(OWNER)]
    await office.store.rounds.propose([proposed(migration), proposed(migration, id="t2", position=1, sentence="Show 3 samples.")])
    for person in people:
        await person.click(await person.message(has("prompts_round")), "prompts_round")
        await person.modal("prompt_round")
    async with asyncio.TaskGroup() as group:
        for place, person in enumerate(people):
            group.create_task(person.submit({"proposal": f"t{place + 1}"}))
    await office.bot.desk.settled()
    decision = await office.store.questions.decision(migration.id, "prompts:1")
    assert decision
    begun = [turn.sentence for turn in await office.store.rounds.of(migration.id, 1) if turn.asked]
    assert begun == [decision.note]
    loser = OWNER if decision.by == REQUESTER else REQUESTER
    await eventually(lambda: _told_anywhere(office, loser, f"*Another round asked* by <@{decision.by}>"))
    await eventually(lambda: _told_anywhere(office, loser, f"It began with: {decision.note}"))
    assert not await _told_anywhere(office, decision.by, "Already decided")


async def test_another_round_takes_own_words_where_nothing_is_proposed(office: Office) -> None:
    migration, person = await asked(office), office.requester
    await person.click(await person.message(has("prompts_round")), "prompts_round")
    assert "Ferry still looks" in str(await person.modal("prompt_round"))
    assert set((await person.submit({}))["errors"]) == {"words"}
    await person.submit({"words": "Answer in one word."})
    await eventually(lambda: office.store.questions.decision(migration.id, "prompts:1"))
    (turn,) = await office.store.rounds.of(migration.id, 1)
    assert (turn.asked, turn.parent, turn.technique) == (True, RULES.hash, "instruction")
    assert "Answer in one word." in turn.proposal


async def taken(office: Office, migration: Migration) -> None:
    """A turn whose candidate, as is, was measured; and its message."""
    await office.store.rounds.propose([proposed(migration, asked=True)])
    await office.store.rounds.made("t1", AS_IS.hash)
    effects = (Effect(group="says no", n=3, before=0.0, after=1.0, sentence="3 of 3 are repaired."),)
    await office.store.rounds.measured("t1", effects, "Better in 1 group: keep it.")
    await office.store.messages.show(
        round_card("t1"), migration_id=migration.id, channel=migration.channel, place="thread", kind=MessageKind.ROUND,
        subject="t1",
    )  # fmt: skip
    office.bot.desk.outbox.nudge()


@pytest.mark.parametrize(("action", "after", "word"), [("round_keep", AS_IS, "Kept"), ("round_revert", RULES, "Reverted")])
async def test_a_turn_is_kept_or_reverted_once(office: Office, action: str, after: PromptVersion, word: str) -> None:
    migration, person = await asked(office), office.requester
    await taken(office, migration)
    card = await person.message(has("round_keep"))
    assert "0.000 → *1.000*" in json.dumps(card["blocks"], ensure_ascii=False)
    await person.click(card, action)
    await person.message(lambda m: m["ts"] == card["ts"] and f"*{word}*" in json.dumps(m["blocks"]))
    assert (await office.store.prompts.selected(migration.id, 1))[TARGET] == after.hash
    await person.message(lambda m: has("prompts_use")(m) and f"`{after.hash[:8]}`" in json.dumps(m["blocks"]))
    late = [click(migration.id, each, "t1", OWNER, question="prompts:1") for each in ("round_keep", "round_revert")]
    await dispatch(office, *late)
    assert any(f"was {word.lower()} already" in sentence for sentence in told(office, OWNER))
    assert (await office.store.prompts.selected(migration.id, 1))[TARGET] == after.hash


async def test_what_was_rejected_meanwhile_is_not_kept_and_the_turn_stays_open(office: Office) -> None:
    migration, person = await asked(office), office.requester
    await taken(office, migration)
    card = await person.message(has("round_keep"))
    assert await office.store.prompts.reject(migration.id, 1, TARGET, AS_IS.hash, by=OWNER)
    await person.click(card, "round_keep")
    await eventually(lambda: _told_anywhere(office, REQUESTER, "may not be used"))
    assert (await office.store.rounds.get("t1")).kept is None
    assert (await office.store.prompts.selected(migration.id, 1))[TARGET] == RULES.hash
    await person.click(card, "round_revert")
    shown = await person.message(lambda m: m["ts"] == card["ts"] and "*Reverted*" in json.dumps(m["blocks"]))
    assert f"*Reverted* by <@{REQUESTER}>" in json.dumps(shown["blocks"])


async def test_a_proposal_for_a_prompt_that_is_not_chosen_any_more_begins_nothing(office: Office) -> None:
    """Whoever keeps such a turn would replace a person's choice by a variant of the prompt they left."""
    migration, person = await asked(office), office.requester
    await office.store.rounds.propose([proposed(migration)])
    await person.click(await person.message(has("prompts_round")), "prompts_round")
    await person.modal("prompt_round")
    await person.click_in(await looked(office, AS_IS, migration), "prompt_use")
    await eventually(lambda: _is_chosen(office, migration, AS_IS))
    await eventually(lambda: _submitted(office, WorkKind.PROPOSE))
    await person.click(await person.message(has("prompts_round")), "prompts_round")
    assert "Ferry still looks" in str(await person.modal("prompt_round"))
    await said(office, migration, "one more round", "Ferry still looks")


async def said(office: Office, migration: Migration, text: str, answered: str) -> dict[str, Any]:
    """What the requester writes in the thread, and the message that answers it."""
    await office.requester.say(text, thread_ts=migration.thread_ts)
    return await office.requester.message(lambda m: answered in json.dumps(m.get("blocks", []), ensure_ascii=False))


async def test_words_show_the_prompts_and_propose_what_a_click_does(office: Office) -> None:
    migration, person = await asked(office), office.requester
    shown = await said(office, migration, "show prompts", "The prompts card in this thread")
    assert "family rules `" in json.dumps(shown["blocks"])
    await said(office, migration, "roll back", "no earlier choice")
    await said(office, migration, "another round", "Ferry still looks")
    looked = proposed(
        migration, id="t0", position=100, technique="", sentence="No group of failures is large enough.", proposal=""
    )
    await office.store.rounds.propose([looked])
    await said(office, migration, "another round", "No group of failures is large enough")
    await said(office, migration, "try the prompt of yesterday on s2", "There are: as is, family rules")
    await person.click(await said(office, migration, "try as is on s2", "Try as is"), "proposal_confirm")
    await eventually(lambda: _submitted(office, WorkKind.TRY))
    await office.store.prompts.choose(migration.id, 1, TARGET, AS_IS.hash, "Chosen by hand.", OWNER)
    await person.click(await said(office, migration, "undo the last choice", "Go back to family rules"), "proposal_confirm")
    await eventually(lambda: _is_chosen(office, migration, RULES))
    await office.store.rounds.propose([proposed(migration)])
    await person.click(await said(office, migration, "one more round", "3 failures"), "proposal_confirm")
    await eventually(lambda: office.store.questions.decision(migration.id, "prompts:1"))
    assert (await office.store.rounds.get("t1")).asked


async def _submitted(office: Office, kind: WorkKind) -> bool:
    return kind in [each for each, _, _ in office.engine.submitted]


async def _is_chosen(office: Office, migration: Migration, prompt: PromptVersion) -> bool:
    return (await office.store.prompts.selected(migration.id, 1))[TARGET] == prompt.hash
