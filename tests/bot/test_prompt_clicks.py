"""Candidates by clicks and forms on the wire: look, choose, go back, reject, edit, try, ask for a round, keep or revert."""

import json
from typing import Any

from agent.engine import WorkKind
from bot.process import utc_now
from bot.prompt_facts import prompts
from bot.workspace.people import OWNER, REQUESTER, SME_1
from db.keys import prompts_card
from db.records import MessageKind, Migration, MigrationStatus, Plan, Question, QuestionKind, Run, RunStatus
from pipeline.models.prices import Prices
from pipeline.records import Candidate, Criteria, Edit, Failure, MetricChoice, Output, PromptVersion, RunKey, Split
from tests.bot.listeners.test_decisions import has
from tests.bot.office import NEW, Office, eventually
from tests.bot.test_clicks import _told_anywhere, click, dispatch, told
from tests.db.facts import frozen, output, score

TARGET = "local:a"
CRITERIA = Criteria(metrics=(MetricChoice(metric="exact_match", primary=True),))
AS_IS = NEW.prompt
RULES = PromptVersion(
    user="<message>{question}</message>\nIntent:", method="family rules", parent=AS_IS.hash,
    edits=(Edit(rule="xml tags", reason="It reads tags best.", source="guide, 2026-09", lossless=True),),
)  # fmt: skip
LOST = PromptVersion(user="Intent:", method="few-shot")
DEV = ("s0", "s2", "s4", "s6")


async def asked(office: Office, target: str = TARGET) -> Migration:
    """A migration with measured candidates, the better one chosen, and the question whether to use them."""
    store, migration = office.store, await office.migration()
    dataset_id = await frozen(store, migration, 8)
    await store.plans.add(
        Plan(
            migration_id=migration.id, number=1, criteria=CRITERIA, source="recorded:today", targets=(target,), review_pairs=2,
            estimates=(),
        )
    )  # fmt: skip
    refused = Candidate(target=target, prompt=LOST, refusal="It lost {question}: the model would not see that part of the input.")
    candidates = [Candidate(target=target, prompt=AS_IS), Candidate(target=target, prompt=RULES), refused]
    await store.prompts.add_candidates(migration.id, 1, candidates)
    for prompt, right in ((AS_IS, 1), (RULES, 3)):
        await measured(office, migration, dataset_id, prompt, right, target)
    await store.prompts.choose(migration.id, 1, target, RULES.hash, "family rules: 0.750 on 4 dev samples.")
    await store.messages.show(
        prompts_card(migration.id, 1), migration_id=migration.id, channel=migration.channel, place="thread",
        kind=MessageKind.PROMPTS, subject="1",
    )  # fmt: skip
    await store.questions.ask(
        Question(migration_id=migration.id, key="prompts:1", kind=QuestionKind.PROMPTS, subject="1", asked_at=utc_now())
    )
    office.bot.desk.outbox.nudge()
    return migration


async def measured(
    office: Office, migration: Migration, dataset_id: str, prompt: PromptVersion, right: int, target: str = TARGET
) -> None:
    """A finished run on dev whose first `right` answers are right."""
    key = RunKey(model=target, prompt_hash=prompt.hash, split=Split.DEV)
    run = Run(
        id=prompt.hash[:20], migration_id=migration.id, dataset_id=dataset_id, stage="candidates:1", key=key, label=prompt.method,
        status=RunStatus.QUEUED, total=len(DEV),
    )  # fmt: skip
    await office.store.runs.add(run)
    scores = [score(sample_id, float(n < right)) for n, sample_id in enumerate(DEV)]
    await office.store.runs.save(run.id, [output(sample_id) for sample_id in DEV], scores)
    await office.store.runs.finish(run.id)


def press(migration: Migration, action: str, user: str, prompt: PromptVersion = AS_IS, **changes: Any) -> Any:
    return click(migration.id, action, f"0:{prompt.hash}", user, question="prompts:1", **changes)


async def looked(office: Office, prompt: PromptVersion, migration: Migration) -> dict[str, Any]:
    """The form *What changed* of one candidate, opened by its button on the card."""
    card = await office.requester.message(has("prompt_look"))
    value = f"0:{prompt.hash}"
    block = next(b for b in card["blocks"] if b.get("accessory") and value in b["accessory"]["value"])
    await office.requester.click(card, "prompt_look", block_id=block["block_id"])
    return await office.requester.modal("prompt_look")


async def test_the_card_shows_figures_refusals_and_what_is_chosen(office: Office) -> None:
    await asked(office)
    shown = json.dumps((await office.requester.message(has("prompt_look")))["blocks"], ensure_ascii=False)
    for words in ("*0.250*", "*0.750*", "n = 4 of 4 on dev", "Refused: It lost {question}", "family rules: 0.750", ":trophy:"):
        assert words in shown
    question = json.dumps((await office.requester.message(has("prompts_use")))["blocks"])
    assert "dev 0.750 (n = 4), as is 0.250 (n = 4)" in question


async def test_what_changed_opens_with_the_difference_and_another_candidate_is_chosen_there(office: Office) -> None:
    migration = await asked(office)
    form = await looked(office, RULES, migration)
    assert "+ <message>{question}</message>" in str(form)
    assert "guide, 2026-09" in str(form)
    await office.requester.close()
    form = await looked(office, AS_IS, migration)
    await office.requester.click_in(form, "prompt_use")
    await eventually(lambda: _in_modal(office, ":trophy:"))
    choices = await office.store.prompts.choices(migration.id, 1)
    assert [(each.prompt_hash, each.by) for each in choices] == [(RULES.hash, None), (AS_IS.hash, REQUESTER)]
    await office.requester.message(lambda m: has("prompt_look")(m) and "Chosen by" in json.dumps(m["blocks"]))
    await office.requester.message(lambda m: has("prompts_use")(m) and "chosen by" in json.dumps(m["blocks"]))


async def _in_modal(office: Office, words: str) -> bool:
    return words in json.dumps((await office.requester.see())["modal"], ensure_ascii=False)


async def test_the_history_says_who_chose_what_and_leads_back(office: Office) -> None:
    migration = await asked(office)
    await office.store.prompts.choose(migration.id, 1, TARGET, AS_IS.hash, "Chosen by hand.", OWNER)
    card = await office.requester.message(has("prompt_list"))
    await office.requester.click(card, "prompt_list")
    form = await office.requester.modal("prompt_list")
    assert f"<@{OWNER}>" in str(form)
    assert "Ferry, by the figures on dev" in str(form)
    await office.requester.click_in(form, "prompt_back")
    await eventually(lambda: _in_modal(office, "Back to an earlier choice."))
    assert (await office.store.prompts.selected(migration.id, 1))[TARGET] == RULES.hash


async def test_a_rejected_candidate_cannot_be_chosen_any_more_and_the_chosen_one_not_rejected(office: Office) -> None:
    migration = await asked(office)
    await office.requester.click_in(await looked(office, AS_IS, migration), "prompt_reject")
    await eventually(lambda: _in_modal(office, "A person rejected it"))
    await dispatch(office, press(migration, "prompt_use", REQUESTER), press(migration, "prompt_reject", REQUESTER, RULES))
    assert (await office.store.prompts.selected(migration.id, 1))[TARGET] == RULES.hash
    await eventually(lambda: _told_anywhere(office, REQUESTER, "may not be used"))
    await eventually(lambda: _told_anywhere(office, REQUESTER, "This prompt is chosen"))


async def test_an_edit_is_examined_before_the_form_closes_and_becomes_a_candidate_by_hand(office: Office) -> None:
    migration, person = await asked(office), office.requester
    await person.click_in(await looked(office, RULES, migration), "prompt_edit")
    form = await person.modal("prompt_edited")
    assert next(b for b in form["blocks"] if b["block_id"] == "user")["element"]["initial_value"] == RULES.user
    errors = (await person.submit({"user": "Say the intent."}))["errors"]
    assert "It lost {question}" in errors["user"]
    assert "Nothing is changed yet" in (await person.submit({"user": RULES.user}))["errors"]["user"]
    assert "word for word" in (await person.submit({"user": AS_IS.user}))["errors"]["user"]
    assert (await person.submit({"user": "Say the intent of {question}."})).get("errors") is None
    await eventually(lambda: _by_hand(office, migration))
    card = await person.message(lambda m: has("prompt_look")(m) and "by hand" in json.dumps(m["blocks"]))
    assert "not measured yet" in json.dumps(card["blocks"])
    made = (await office.store.prompts.candidates(migration.id, 1))[-1].prompt
    assert (made.parent, made.edits[0].rule) == (RULES.hash, "by hand")
    assert WorkKind.RUN in [kind for kind, _, _ in office.engine.submitted]


async def _by_hand(office: Office, migration: Migration) -> bool:
    return any(each.prompt.method == "by hand" for each in await office.store.prompts.candidates(migration.id, 1))


async def test_a_prompt_comes_back_as_the_file_it_was_posted_as(office: Office) -> None:
    migration, person = await asked(office), office.requester
    await looked(office, RULES, migration)
    await person.submit({})
    posted = await person.message(lambda m: bool(m.get("files")) and "the whole text" in m["text"])
    texts = [(await person.download(file)).decode() for file in posted["files"]]
    assert texts[0] == RULES.user
    assert "+ <message>{question}</message>" in texts[1]
    await person.click_in(await looked(office, RULES, migration), "prompt_edit")
    await person.modal("prompt_edited")
    given = await person.upload(("prompt.txt", f"{RULES.user} In one word.".encode()))
    assert (await person.submit({"file": given})).get("errors") is None
    await eventually(lambda: _by_hand(office, migration))
    assert (await office.store.prompts.candidates(migration.id, 1))[-1].prompt.user == f"{RULES.user} In one word."


async def test_a_file_that_a_guard_refuses_is_told_in_a_sentence(office: Office) -> None:
    migration, person = await asked(office), office.requester
    await person.click_in(await looked(office, RULES, migration), "prompt_edit")
    await person.modal("prompt_edited")
    await person.submit({"file": await person.upload(("prompt.txt", b"Say it."))})
    await eventually(lambda: _told_anywhere(office, REQUESTER, "It lost {question}"))


async def test_a_try_names_a_sample_of_dev_never_of_test(office: Office) -> None:
    migration, person = await asked(office), office.requester
    await person.click(await person.message(has("prompt_try")), "prompt_try")
    form = await person.modal("prompt_tried")
    samples = next(b for b in form["blocks"] if b["block_id"] == "sample")["element"]["options"]
    assert [option["text"]["text"] for option in samples] == [f"{s}: How {s[1:]}?" for s in DEV]
    assert "no sample of dev" in (await person.submit({"id": "s1"}))["errors"]["id"]
    assert (await person.submit({"sample": "1", "id": ""})).get("errors") is None
    shown = await person.message(lambda m: "Tried on" in m["text"])
    assert "How 2?" in json.dumps(shown["blocks"])
    (work,) = [args for kind, _, args in office.engine.submitted if kind is WorkKind.TRY]
    attempt = await office.store.tries.get(work[0])
    assert (attempt.sample_id, attempt.prompt_hash, attempt.by) == ("s2", RULES.hash, REQUESTER)
    await office.store.tries.answer(attempt.id, output("s2", "So 2."), (score("s2"),))
    office.bot.desk.outbox.nudge()
    await person.message(lambda m: "So 2." in json.dumps(m.get("blocks", [])) and "*exact_match* 1.00" in json.dumps(m["blocks"]))
    assert migration.id == attempt.migration_id


async def test_a_try_that_failed_says_so(office: Office) -> None:
    await asked(office)
    person = office.requester
    await person.click(await person.message(has("prompt_try")), "prompt_try")
    await person.modal("prompt_tried")
    await person.submit({"sample": "1", "id": ""})
    await person.message(lambda m: "Tried on" in m["text"])
    (work,) = [args for kind, _, args in office.engine.submitted if kind is WorkKind.TRY]
    broken = Output(sample_id="s2", text=None, failure=Failure(kind="access", message="The key may not call it."))
    await office.store.tries.answer(work[0], broken, ())
    office.bot.desk.outbox.nudge()
    shown = await person.message(lambda m: "The key may not call it." in json.dumps(m.get("blocks", [])))
    assert "being asked" not in json.dumps(shown["blocks"])


async def test_who_may_not_is_told_who_may_and_nothing_changes(office: Office) -> None:
    migration = await asked(office)
    acts = ["prompt_use", "prompt_reject", "prompt_edit", "prompt_try", "prompts_use", "prompts_round"]
    await dispatch(office, *(press(migration, act, SME_1, stamp=f"{n}.1") for n, act in enumerate(acts)))
    assert ["Only the requester" in sentence for sentence in told(office, SME_1)] == [True] * len(acts)
    assert len(await office.store.prompts.choices(migration.id, 1)) == 1
    assert await office.store.questions.decision(migration.id, "prompts:1") is None


async def test_once_the_prompts_are_used_a_late_choice_is_told_who_decided(office: Office) -> None:
    migration = await asked(office)
    use = click(migration.id, "prompts_use", "use", OWNER, question="prompts:1")
    await dispatch(office, use)
    decision = await office.store.questions.decision(migration.id, "prompts:1")
    assert decision
    assert (decision.answer, decision.by) == ("use", OWNER)
    await dispatch(office, press(migration, "prompt_use", REQUESTER))
    assert any(f"by <@{OWNER}>" in sentence for sentence in told(office, REQUESTER))
    assert (await office.store.prompts.selected(migration.id, 1))[TARGET] == RULES.hash


async def test_a_stuck_migration_still_spends_and_a_paused_one_does_not(office: Office) -> None:
    migration = await asked(office)
    for status, rests in ((MigrationStatus.OPEN, False), (MigrationStatus.STUCK, False), (MigrationStatus.PAUSED, True)):
        await office.store.migrations.set_status(migration.id, status, by=REQUESTER)
        assert (await prompts(office.store, migration.id, 1, Prices())).rests is rests


async def test_nothing_is_tried_while_the_migration_is_paused(office: Office) -> None:
    migration = await asked(office)
    await office.store.migrations.set_status(migration.id, MigrationStatus.PAUSED, by=REQUESTER)
    await dispatch(office, press(migration, "prompt_try", REQUESTER))
    assert any("paused" in sentence for sentence in told(office, REQUESTER))
