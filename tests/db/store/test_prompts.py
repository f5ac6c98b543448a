"""Prompt versions, candidates and choices are kept once and come back in order."""

from dataclasses import replace

import pytest

from db import Store
from pipeline.errors import RefusedError
from pipeline.records import Candidate, Edit, Parameters, PromptVersion, Syntax
from tests.db.facts import PROMPT, opened

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


async def test_the_first_choice_stands(store: Store) -> None:
    migration = await opened(store)
    await store.prompts.select(migration.id, 1, "local:a", RULED.hash, "Best on dev.")
    await store.prompts.select(migration.id, 1, "local:a", PROMPT.hash, "Told twice.")
    await store.prompts.select(migration.id, 1, "local:b", PROMPT.hash, "Nothing was better.")
    assert await store.prompts.selected(migration.id, 1) == {"local:a": RULED.hash, "local:b": PROMPT.hash}
    assert (await store.prompts.chosen(migration.id, 1))["local:a"] == (RULED.hash, "Best on dev.")
    card = await store.messages.get(f"status:{migration.id}")
    assert card is not None
    assert card.revision == 3


async def test_a_migration_without_a_prompt_is_told_one_once(store: Store) -> None:
    migration = await opened(store, prompt=PromptVersion(user=""))
    for _ in range(2):
        await store.prompts.tell(migration.id, PROMPT, by="U1")
    assert await store.prompts.original(migration.id) == PROMPT
    with pytest.raises(RefusedError, match="has its prompt"):
        await store.prompts.tell(migration.id, RULED, by="U1")
    assert await store.prompts.original(migration.id) == PROMPT
    assert [(e.actor, e.action) for e in await store.audit.events()] == [("U1", "opened"), ("U1", "changed")]
