"""Prompt versions, candidates and choices are kept once and come back in order."""

from dataclasses import replace

import pytest

from db import Store
from db.records import Decision, Fallen, MessageKind, Question, QuestionKind
from pipeline.errors import RefusedError
from pipeline.records import Candidate, Edit, Parameters, PromptVersion, Syntax
from tests.db.facts import PROMPT, at_prompts, opened
from tests.stores import START

EDIT = Edit(rule="xml", reason="The family reads tags.", source="docs", lossless=True)
RULED = PromptVersion(
    user="<q>{{question}}</q>", syntax=Syntax.DOUBLE, parameters=Parameters(max_tokens=9, temperature=None, stop=("END",)),
    method="family rules", parent=PROMPT.hash, edits=(EDIT,), shots=("s1",),
)  # fmt: skip


async def test_a_version_comes_back_as_it_was(store: Store) -> None:
    migration = await opened(store)
    for _ in range(2):
        await store.prompts.add(migration.id, RULED)
    assert await store.prompts.get(migration.id, RULED.hash) == RULED
    assert await store.prompts.original(migration.id) == PROMPT
    with pytest.raises(RefusedError):
        await store.prompts.get(migration.id, "0" * 64)


async def test_candidates_keep_their_order_their_method_and_their_refusal(store: Store) -> None:
    migration = await opened(store)
    relabelled = replace(PROMPT, method="format-fixed")
    proposed = (
        Candidate(target="local:b", prompt=PROMPT),
        Candidate(target="local:a", prompt=relabelled),
        Candidate(target="local:b", prompt=RULED, refusal="It lost {question}."),
    )
    await store.prompts.add_candidates(migration.id, 1, proposed)
    await store.prompts.add_candidates(migration.id, 1, proposed[:1])
    assert await store.prompts.candidates(migration.id, 1) == proposed
    assert await store.prompts.candidates(migration.id, 2) == ()
    assert await store.prompts.get(migration.id, RULED.hash) == RULED


async def test_the_newest_choice_stands_and_the_others_are_its_history(store: Store) -> None:
    migration = await at_prompts(store)
    proposed = (Candidate(target="local:a", prompt=RULED), Candidate(target="local:a", prompt=PROMPT))
    await store.prompts.add_candidates(migration.id, 1, proposed)
    assert await store.prompts.choose(migration.id, 1, "local:a", RULED.hash, "Best on dev.")
    assert not await store.prompts.choose(migration.id, 1, "local:a", RULED.hash, "Told twice.")
    assert await store.prompts.choose(migration.id, 1, "local:b", PROMPT.hash, "Nothing was better.")
    assert await store.prompts.choose(migration.id, 1, "local:a", PROMPT.hash, "Chosen by hand.", by="U1")
    assert await store.prompts.selected(migration.id, 1) == {"local:a": PROMPT.hash, "local:b": PROMPT.hash}
    assert (await store.prompts.chosen(migration.id, 1))["local:a"] == (PROMPT.hash, "Chosen by hand.")
    history = [(c.target, c.turn, c.prompt_hash, c.by) for c in await store.prompts.choices(migration.id, 1)]
    assert history == [("local:a", 1, RULED.hash, None), ("local:a", 2, PROMPT.hash, "U1"), ("local:b", 1, PROMPT.hash, None)]
    assert [event.action for event in await store.audit.events(migration.id)][-1] == "chose"


async def test_a_choice_shows_at_the_question_that_is_open_and_at_none_that_was_answered(store: Store) -> None:
    migration = await at_prompts(store)
    await store.prompts.add_candidates(migration.id, 1, [Candidate(target="local:a", prompt=p) for p in (RULED, PROMPT)])
    again = Decision(migration_id=migration.id, question="prompts:1", answer="round", by="U1", at=START)
    await store.questions.decide(again)
    asked = Question(migration_id=migration.id, key="prompts:1:1", kind=QuestionKind.PROMPTS, subject="1", asked_at=START)
    await store.questions.ask(asked)
    before = await revisions(store, migration.id)
    await store.prompts.choose(migration.id, 1, "local:a", RULED.hash, "Ahead.", by="U1")
    after = await revisions(store, migration.id)
    assert (after["prompts:1"], after["prompts:1:1"]) == (before["prompts:1"], before["prompts:1:1"] + 1)


async def revisions(store: Store, migration_id: str) -> dict[str, int]:
    """How often each question's message had something new to show."""
    found = await store.messages.of(migration_id)
    return {message.subject: message.revision for message in found if message.kind is MessageKind.QUESTION}


async def test_nobody_chooses_what_a_guard_refused_or_nobody_proposed(store: Store) -> None:
    migration = await at_prompts(store)
    await store.prompts.add_candidates(
        migration.id, 1, [Candidate(target="local:a", prompt=RULED, refusal="It lost {question}.")]
    )
    for prompt_hash in (RULED.hash, PROMPT.hash):
        with pytest.raises(RefusedError):
            await store.prompts.choose(migration.id, 1, "local:a", prompt_hash, "Chosen by hand.", by="U1")


async def test_a_candidate_by_hand_stands_behind_the_others_once(store: Store) -> None:
    migration = await opened(store)
    await store.prompts.add_candidates(migration.id, 1, [Candidate(target="local:a", prompt=RULED)])
    assert await store.prompts.add_candidate(migration.id, 1, Candidate(target="local:a", prompt=PROMPT))
    assert not await store.prompts.add_candidate(migration.id, 1, Candidate(target="local:a", prompt=PROMPT))
    assert [c.prompt for c in await store.prompts.candidates(migration.id, 1)] == [RULED, PROMPT]


async def test_a_person_rejects_a_candidate_once_but_never_the_chosen_one(store: Store) -> None:
    migration = await at_prompts(store)
    proposed = [Candidate(target="local:a", prompt=RULED), Candidate(target="local:a", prompt=PROMPT)]
    await store.prompts.add_candidates(migration.id, 1, proposed)
    await store.prompts.choose(migration.id, 1, "local:a", RULED.hash, "Ahead.")
    with pytest.raises(RefusedError, match="is chosen"):
        await store.prompts.reject(migration.id, 1, "local:a", RULED.hash, by="U1")
    rejected = [await store.prompts.reject(migration.id, 1, "local:a", PROMPT.hash, by="U1") for _ in range(2)]
    assert rejected == [True, False]
    with pytest.raises(RefusedError, match="may not be used"):
        await store.prompts.choose(migration.id, 1, "local:a", PROMPT.hash, "Chosen by hand.", by="U1")
    assert [e.action for e in await store.audit.events()] == ["opened", "rejected a prompt"]


async def test_who_falls_out_says_why_and_the_others_go_on(store: Store) -> None:
    migration = await opened(store)
    proposed = [Candidate(target="local:a", prompt=RULED), Candidate(target="local:a", prompt=PROMPT)]
    await store.prompts.add_candidates(migration.id, 1, proposed)
    fallen = Fallen(target="local:a", prompt_hash=RULED.hash, samples=16, why="Behind by too much.")
    await store.prompts.narrow(migration.id, 1, "local:a", [fallen], 64)
    await store.prompts.narrow(migration.id, 1, "local:a", [replace(fallen, samples=64, why="Told twice.")], 64)
    assert await store.prompts.fallen(migration.id, 1) == (fallen,)


async def test_a_migration_without_a_prompt_is_told_one_once(store: Store) -> None:
    migration = await opened(store, prompt=PromptVersion(user=""))
    for _ in range(2):
        await store.prompts.tell(migration.id, PROMPT, by="U1")
    assert await store.prompts.original(migration.id) == PROMPT
    with pytest.raises(RefusedError, match="has its prompt"):
        await store.prompts.tell(migration.id, RULED, by="U1")
    assert await store.prompts.original(migration.id) == PROMPT
    assert [(e.actor, e.action) for e in await store.audit.events()] == [("U1", "opened"), ("U1", "changed")]
