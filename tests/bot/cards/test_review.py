"""The review is blind: nothing an SME gets, seen or unseen, says which model wrote which answer."""

import json
from pathlib import Path

import pytest

from bot.cards.review import review_card
from bot.facts import review
from bot.process import utc_now
from db.keys import review_card as review_key
from db.records import Assignment, Message, MessageKind, Question, QuestionKind
from db.store import Store
from pipeline.records import Score
from tests.db.facts import frozen, opened, output, queued

SECRETS = ("recorded:today", "local:a", "local:b", "run-of-source", "run-of-target", "source", "target")


async def pairs_of(store: Store, first: str, second: str) -> str:
    """The payload of the review message of U3, whose pair shows `first` as A and `second` as B."""
    migration = await opened(store)
    await frozen(store, migration)
    for run_id, model, text in (("run-of-source", "recorded:today", "blue"), ("run-of-target", "local:a", "green")):
        run = await queued(store, migration, run_id=run_id, model=model)
        scores: list[Score] = []
        await store.runs.save(run.id, [output("s0", text), output("s2", text)], scores)
    pair = Assignment(id="a1", migration_id=migration.id, round=1, sample_id="s0", sme="U3", run_a=first, run_b=second)
    await store.reviews.open((pair,))
    asked = Question(migration_id=migration.id, key="review:1", kind=QuestionKind.REVIEW, subject="1", asked_at=utc_now())
    await store.questions.ask(asked)
    message = Message(
        key=review_key(migration.id, 1, "U3"), migration_id=migration.id, channel="C1", place="U3", kind=MessageKind.REVIEW,
        subject="1", body="", revision=1, sent=0, ts=None, state="waiting",
    )  # fmt: skip
    card = review_card(await review(store, message))
    return json.dumps([card.text, list(card.blocks)]).replace(migration.id, "")


@pytest.mark.parametrize("order", [("run-of-source", "run-of-target"), ("run-of-target", "run-of-source")])
async def test_a_pair_hides_who_wrote_what(sqlite_store: Store, tmp_path: Path, order: tuple[str, str]) -> None:
    payload = await pairs_of(sqlite_store, *order)
    assert [secret for secret in SECRETS if secret in payload] == []
    assert ("blue" in payload, "green" in payload, "How 0?" in payload) == (True, True, True)
    answers = payload.index("Answer A"), payload.index("Answer B")
    assert answers[0] < payload.index("blue" if order[0] == "run-of-source" else "green") < answers[1]
