"""The pinned card is true in every state: the stage, who is waited for, what comes next, and which buttons make sense."""

from dataclasses import replace
from typing import Any

import pytest

from bot.cards.kit import Card
from bot.cards.status import StatusFacts, missing_details, next_step, stage, status_card, waiting
from db.records import MigrationStatus, QuestionKind, RunStatus
from tests.bot.cards.told import MIGRATION, RUN, status

OPEN = MigrationStatus.OPEN
WAITING: dict[QuestionKind | None, tuple[str, str]] = {
    None: ("Getting ready", "Ferry"),
    QuestionKind.DATASET: ("Dataset", "<@U1>"),
    QuestionKind.PLAN: ("Plan", "<@U1>"),
    QuestionKind.RUNS: ("Runs: baseline", "the models, ▓▓▓░░░░░░░░░ 25 %"),
    QuestionKind.REVIEW: ("Review by SMEs", "<@U3>"),
    QuestionKind.REPORT: ("Report", "Ferry"),
    QuestionKind.SIGN_OFF: ("Sign-off", "<@U2>"),
}
ENDED = {
    MigrationStatus.PAUSED: ("Paused", "<@U1> to resume it", "Resume"),
    MigrationStatus.CANCELLED: ("Cancelled", "nobody", "/migrate again"),
    MigrationStatus.SIGNED: ("Signed", "nobody", "2 monitor(s)"),
    MigrationStatus.REJECTED: ("Rejected", "nobody", "/migrate again"),
}
BUTTONS = {
    MigrationStatus.OPEN: ["details_open", "migration_pause", "budget_open", "migration_cancel"],
    MigrationStatus.PAUSED: ["migration_resume", "details_open", "budget_open", "migration_cancel"],
    MigrationStatus.STUCK: ["migration_retry", "details_open", "budget_open", "migration_cancel"],
    MigrationStatus.CANCELLED: ["again_open"],
    MigrationStatus.SIGNED: ["again_open"],
    MigrationStatus.REJECTED: ["again_open"],
}


def pressable(card: Card) -> list[str]:
    return [element["action_id"] for block in card.blocks if block["type"] == "actions" for element in block["elements"]]


@pytest.mark.parametrize("kind", WAITING)
def test_while_it_is_open_it_tells_the_stage_and_who_has_to_move(kind: QuestionKind | None) -> None:
    facts = status(OPEN, kind)
    assert (stage(facts), waiting(facts)) == WAITING[kind]
    assert stage(facts) in status_card(facts).text


@pytest.mark.parametrize("ended", ENDED)
@pytest.mark.parametrize("kind", [*QuestionKind, None])
def test_a_migration_that_rests_says_so_whatever_was_asked(ended: MigrationStatus, kind: QuestionKind | None) -> None:
    facts = status(ended, kind)
    where, who, following = ENDED[ended]
    assert (stage(facts), waiting(facts)) == (where, who)
    assert following in next_step(facts)


def test_a_stuck_migration_names_its_problem_and_the_way_out() -> None:
    facts = status(MigrationStatus.STUCK, QuestionKind.RUNS)
    card = status_card(replace(facts, migration=replace(facts.migration, problem="The key has expired.")))
    assert stage(facts) == "Stopped by a problem"
    assert "press *Retry*" in next_step(facts)
    assert ":warning: The key has expired." in str(card.blocks)


@pytest.mark.parametrize("migration_status", MigrationStatus)
@pytest.mark.parametrize("kind", [*QuestionKind, None])
def test_only_buttons_that_make_sense_are_shown(migration_status: MigrationStatus, kind: QuestionKind | None) -> None:
    assert pressable(status_card(status(migration_status, kind))) == BUTTONS[migration_status]


def without(facts: StatusFacts, name: str) -> StatusFacts:
    if name == "dataset":
        return replace(facts, dataset=None)
    if name == "prompt":
        return replace(facts, has_prompt=False)
    empty: dict[str, Any] = {"targets": (), "smes": (), "owner": None}
    return replace(facts, migration=replace(facts.migration, **{name: empty[name]}))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dataset", "the dataset"),
        ("prompt", "the prompt"),
        ("targets", "target models"),
        ("smes", "SMEs"),
        ("owner", "the owner"),
    ],
)
def test_what_is_missing_is_named_and_nothing_else(name: str, words: str) -> None:
    whole = status(OPEN, QuestionKind.DATASET)
    assert missing_details(whole) == ()
    assert missing_details(without(whole, name)) == (words,)
    assert f"still to be told: {words}. Press *Edit details*" in next_step(without(whole, name))


def test_failed_runs_are_counted_and_an_owner_to_be_named_is_waited_for() -> None:
    running = status(OPEN, QuestionKind.RUNS)
    assert waiting(replace(running, runs=(RUN, replace(RUN, id="r2", status=RunStatus.FAILED)))).endswith(", 1 run(s) failed")
    assert waiting(without(status(OPEN, QuestionKind.SIGN_OFF), "owner")) == "an owner to be named"


def test_targets_that_are_not_shown_are_counted() -> None:
    facts = status(OPEN, None)
    many = replace(facts, migration=replace(MIGRATION, targets=tuple(f"local:m{n}" for n in range(40))))
    assert "and 35 more" in str(status_card(many).blocks)
