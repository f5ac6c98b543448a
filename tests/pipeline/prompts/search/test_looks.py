"""Looks at test: one without a reason, whoever searches."""

from pathlib import Path

import pytest

from pipeline.errors import InputError, RefusedError
from pipeline.prompts.search.looks import Looks
from pipeline.records import PromptVersion

FIRST, SECOND = PromptVersion(user="{q}"), PromptVersion(user="Please: {q}", method="gepa")


def test_another_winner_needs_a_reason_and_the_same_none(tmp_path: Path) -> None:
    path = tmp_path / "p.looks.jsonl"
    for _ in range(2):
        looks = Looks(path, "a", "not asked for")
        looks.check(FIRST)
        looks.note(FIRST)
    with pytest.raises(RefusedError, match=r"another winner \(1 so far\).*On dev the winner is gepa"):
        Looks(path, "a", " ").check(SECOND)
    again = Looks(path, "a", "The labels were mended.")
    again.check(SECOND)
    again.note(SECOND)
    found = Looks(path, "a")
    assert (len(found), found.reasons) == (2, ("The labels were mended.",))
    for known in (FIRST, SECOND):
        found.check(known)


def test_looks_are_about_their_own_samples_criteria_and_target(tmp_path: Path) -> None:
    path = tmp_path / "p.looks.jsonl"
    Looks(path, "a").note(FIRST)
    Looks(path, "b").check(SECOND)
    assert len(Looks(path, "b")) == 0


def test_where_no_look_can_be_noted_none_may_be_made(tmp_path: Path) -> None:
    Looks(tmp_path / "looks.jsonl", "samples").check_writable()
    with pytest.raises(InputError, match="cannot be written"):
        Looks(tmp_path / "gone" / "looks.jsonl", "samples").check_writable()


def test_looks_noted_elsewhere_are_remembered_once(tmp_path: Path) -> None:
    looks = Looks(tmp_path / "looks.jsonl", "samples")
    for _ in range(2):
        looks.remember(["w1", "w2"])
    assert (len(looks), len(Looks(tmp_path / "looks.jsonl", "samples"))) == (2, 2)
    with pytest.raises(RefusedError, match="another winner"):
        looks.check(FIRST)


def test_a_torn_line_is_cut_off_and_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.looks.jsonl"
    Looks(path, "a").note(FIRST)
    with path.open("a") as file:
        file.write('{"about"')
    assert len(Looks(path, "a")) == 1
    path.write_text("notes\n")
    with pytest.raises(InputError, match="not the list of looks"):
        Looks(path, "a")
