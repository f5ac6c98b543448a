"""What the search for prompts leaves behind: improvements, probes, turns and tries, each written once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db import Store
from db.records import AdvpoJob, Attempt, Decision, Effect, Improvement, JobState, MessageKind, Turn
from pipeline.errors import RefusedError
from pipeline.records import Candidate, Output, Score
from tests.db.facts import PROMPT, at_prompts, opened
from tests.stores import START

AT = datetime(2026, 1, 2, tzinfo=UTC)


def turn(migration_id: str, name: str = "t1", **more: object) -> Turn:
    made = Turn(
        id=name, migration_id=migration_id, number=1, turn=1, target="local:a", position=0, technique="instruction",
        group="says too much", sentence="Say less.", proposal="{}", sample_ids=("s1",), parent=PROMPT.hash,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


async def test_an_improvement_moves_until_it_ends(store: Store) -> None:
    migration = await opened(store)
    begun = Improvement(migration_id=migration.id, number=1, target="local:a")
    for _ in range(2):
        await store.improvements.add(begun)
    going = replace(begun, state=JobState.RUNNING, calls=7, most_calls=100, usd=0.5, most_usd=2.0)
    await store.improvements.spent(going)
    assert await store.improvements.of(migration.id, 1) == (going,)
    ended = replace(going, state=JobState.DONE, calls=90, note="Nothing better found.")
    await store.improvements.spent(ended)
    await store.improvements.spent(going)
    assert await store.improvements.of(migration.id, 1) == (ended,)
    assert await store.improvements.of(migration.id, 2) == ()


async def test_what_a_probe_was_answered_first_stands(store: Store) -> None:
    migration = await opened(store)
    await store.probes.put(migration.id, "k1", "first")
    await store.probes.put(migration.id, "k1", "second")
    assert await store.probes.get(migration.id, "k1") == "first"
    assert await store.probes.get(migration.id, "k2") is None


async def test_a_turn_is_proposed_asked_made_measured_and_kept_once(store: Store) -> None:
    migration = await at_prompts(store)
    await store.rounds.propose([turn(migration.id), turn(migration.id, "t2", position=1)])
    await store.rounds.propose([turn(migration.id, sentence="Told twice.")])
    await store.rounds.ask("t1")
    await store.rounds.made("t1", PROMPT.hash)
    await store.rounds.made("t1", None, refusal="Too late.")
    effects = (Effect(group="all of dev", n=9, before=0.5, after=0.75, sentence="Better."),)
    await store.rounds.measured("t1", effects, "Keep: it is better.")
    made = await store.rounds.get("t1")
    await store.prompts.add_candidate(migration.id, 1, Candidate(target=made.target, prompt=PROMPT))
    assert await store.rounds.keep(made, kept=True, by="U1", reason="Kept.")
    assert not await store.rounds.keep(made, kept=False, by="U2", reason="Reverted.")
    assert [(c.prompt_hash, c.by) for c in await store.prompts.choices(migration.id, 1)] == [(PROMPT.hash, "U1")]
    kept = turn(
        migration.id, asked=True, prompt_hash=PROMPT.hash, effects=effects, advice="Keep: it is better.", kept=True, kept_by="U1"
    )
    assert await store.rounds.of(migration.id, 1, 1) == (kept, turn(migration.id, "t2", position=1))
    assert [event.action for event in await store.audit.events(migration.id)][-1] == "kept"


async def test_a_turn_whose_prompt_may_not_be_used_stays_open(store: Store) -> None:
    migration = await at_prompts(store)
    await store.rounds.propose([turn(migration.id, prompt_hash=PROMPT.hash)])
    with pytest.raises(RefusedError, match="no candidate of this round"):
        await store.rounds.keep(await store.rounds.get("t1"), kept=True, by="U1", reason="Kept.")
    assert (await store.rounds.get("t1")).kept is None
    with pytest.raises(RefusedError):
        await store.rounds.get("unknown")


async def test_nothing_is_kept_reverted_or_chosen_once_the_prompts_are_accepted(store: Store) -> None:
    migration = await at_prompts(store)
    await store.rounds.propose([turn(migration.id, prompt_hash=PROMPT.hash)])
    made = await store.rounds.get("t1")
    await store.prompts.add_candidate(migration.id, 1, Candidate(target=made.target, prompt=PROMPT))
    use = Decision(migration_id=migration.id, question="prompts:1", answer="use", by="U1", at=START)
    await store.questions.decide(use)
    with pytest.raises(RefusedError, match="decided already"):
        await store.rounds.keep(made, kept=True, by="U1", reason="Kept.")
    with pytest.raises(RefusedError, match="decided already"):
        await store.rounds.keep(made, kept=False, by="U1", reason="Reverted.")
    with pytest.raises(RefusedError, match="decided already"):
        await store.prompts.choose(migration.id, 1, made.target, PROMPT.hash, "Chosen by hand.", by="U1")
    assert (await store.rounds.get("t1")).kept is None
    assert await store.prompts.choices(migration.id, 1) == ()


async def test_a_try_is_told_once_and_its_answer_stands(store: Store) -> None:
    migration = await opened(store)
    asked = Attempt(
        id="a1", migration_id=migration.id, number=1, target="local:a", prompt_hash=PROMPT.hash, sample_id="s1", by="U1", at=AT
    )
    for _ in range(2):
        assert await store.tries.ask(asked) == asked
    assert await store.tries.waiting() == (asked,)
    output, scores = Output(sample_id="s1", text="yes"), (Score(sample_id="s1", metric="exact_match", value=1.0),)
    await store.tries.answer("a1", output, scores)
    await store.tries.answer("a1", None, problem="Too late.")
    assert await store.tries.get("a1") == replace(asked, output=output, scores=scores)
    assert await store.tries.waiting() == ()
    message = await store.messages.get("try:a1")
    assert message
    assert (message.kind, message.subject) == (MessageKind.TRY, "a1")
    with pytest.raises(RefusedError):
        await store.tries.get("unknown")


async def test_an_optimisation_is_asked_begun_and_stopped_once(store: Store) -> None:
    migration = await opened(store)
    wanted = AdvpoJob(migration_id=migration.id, number=1, target="bedrock:a", by="U1", at=AT)
    assert await store.advpo.ask(wanted) == (wanted, True)
    assert await store.advpo.ask(replace(wanted, by="U2")) == (wanted, False)
    await store.advpo.delay(wanted, "Throttled.")
    await store.advpo.begin(wanted, "arn:1", AT)
    await store.advpo.begin(wanted, "arn:2", AT + timedelta(hours=1))
    (running,) = await store.advpo.unfinished()
    assert running == replace(wanted, state=JobState.RUNNING, job="arn:1", begun_at=AT)
    assert await store.advpo.stop(running, by="U2")
    assert not await store.advpo.stop(running, by="U1")
    await store.advpo.finish(running, "A person stopped it.")
    await store.advpo.finish(running, "Too late.", PROMPT.hash)
    ended = replace(running, state=JobState.FAILED, stopped_by="U2", note="A person stopped it.")
    assert (await store.advpo.of(migration.id, 1), await store.advpo.unfinished()) == ((ended,), ())
    events = [event.action for event in await store.audit.events(migration.id)]
    assert events[-2:] == ["asked for an optimisation", "stopped an optimisation"]


async def test_an_optimisation_that_brought_nothing_is_followed_by_the_next_attempt(store: Store) -> None:
    migration = await opened(store)
    wanted = AdvpoJob(migration_id=migration.id, number=1, target="bedrock:a", by="U1", at=AT)
    await store.advpo.ask(wanted)
    await store.advpo.finish(wanted, "No gain.")
    later = replace(wanted, number=2)
    assert await store.advpo.ask(later) == (replace(later, attempt=2), True)
    await store.advpo.finish(replace(later, attempt=2), "It brought a candidate.", PROMPT.hash)
    (brought,) = await store.advpo.of(migration.id, 2)
    assert (brought.state, brought.prompt_hash) == (JobState.DONE, PROMPT.hash)
    assert await store.advpo.ask(later) == (brought, False)
