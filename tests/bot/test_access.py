"""Who may do what, as a table."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.access import AFTERWARDS, WORDS, Act, may
from db.records import OVER, Migration, MigrationStatus, Person
from pipeline.records import UseCase

HERE = datetime(2026, 1, 5, tzinfo=UTC)
MIGRATION = Migration(
    id="m", team="T1", channel="C1", thread_ts="1.0", name="Tickets", use_case=UseCase.CLASSIFICATION, source="recorded:x",
    targets=("local:a",), requester="UREQ", owner="UOWN", smes=("USME",), status=MigrationStatus.OPEN, created_at=HERE,
)  # fmt: skip


def allowed(act: Act, user: str, *, team: str = "T1", sme: str | None = None, **changes: object) -> bool:
    migration = replace(MIGRATION, **changes)  # type: ignore[arg-type]
    return may(act, Person(team=team, user=user), migration, sme=sme) is None


@pytest.mark.parametrize("act", [*WORDS])
def test_requester_and_owner_lead_and_nobody_else(act: Act) -> None:
    assert allowed(act, "UREQ")
    assert allowed(act, "UOWN")
    assert not allowed(act, "USME")
    assert not allowed(act, "UANY")


def test_only_the_owner_signs_off_and_never_the_requester_alone() -> None:
    assert allowed(Act.SIGN_OFF, "UOWN")
    assert not allowed(Act.SIGN_OFF, "UREQ")
    assert not allowed(Act.SIGN_OFF, "UREQ", owner="UREQ")
    assert not allowed(Act.SIGN_OFF, "UOWN", owner=None)


def test_only_the_sme_a_pair_was_given_to_judges_it() -> None:
    assert allowed(Act.REVIEW, "USME", sme="USME")
    assert not allowed(Act.REVIEW, "UOWN", sme="USME")
    assert allowed(Act.CHECK_REFERENCE, "USME", sme="USME")
    assert not allowed(Act.CHECK_REFERENCE, "UOWN", sme="USME")
    assert not allowed(Act.REVIEW, "USME", sme=None)


@pytest.mark.parametrize("act", list(Act))
def test_another_team_may_nothing(act: Act) -> None:
    assert not allowed(act, "UOWN", team="T2", sme="UOWN")


@pytest.mark.parametrize("status", sorted(OVER))
@pytest.mark.parametrize("act", list(Act))
def test_when_it_is_over_one_may_look_and_start_again(act: Act, status: MigrationStatus) -> None:
    assert allowed(act, "UOWN", sme="UOWN", status=status) is (act in AFTERWARDS)


@pytest.mark.parametrize("act", list(Act))
def test_every_refusal_says_who_may_or_what_to_do(act: Act) -> None:
    refusal = may(act, Person(team="T1", user="UANY"), MIGRATION, sme="USME")
    if refusal:
        assert any(words in refusal.sentence for words in ("Only ", "Start ", "Name "))
        assert refusal.sentence.endswith(".")
