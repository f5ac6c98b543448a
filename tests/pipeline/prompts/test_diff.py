"""Differences between prompt versions: sections, sentences and aligned lines."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.prompts.diff import changes, side_by_side
from pipeline.records import Parameters, PromptVersion

BEFORE = PromptVersion(user="One\nTwo\n{question}", system="Be kind.")


def test_equal_versions_have_no_change() -> None:
    assert changes(BEFORE, replace(BEFORE, method="family rules")) == ()


def test_every_changed_section_is_told_in_order() -> None:
    after = replace(BEFORE, user="One\nNew\n{question}\nAnswer:", system="", parameters=Parameters(stop=("\n",)), shots=("s1",))
    found = changes(BEFORE, after)
    assert [c.section for c in found] == ["system", "user", "parameters", "examples"]
    assert found[0].summary == "The system text of 1 line was removed."
    assert found[1].summary == "2 lines new and 1 gone in the user text."
    assert found[2].summary == 'stop none → ["\\n"].'
    assert found[3].summary == "1 dev sample shown as solved examples (before: 0)."
    assert [line.kind for line in found[1].lines] == ["same", "changed", "same", "added"]


def test_white_space_alone_is_called_that() -> None:
    assert changes(BEFORE, replace(BEFORE, user=BEFORE.user + "\n"))[0].summary == "The user text changed in white space only."


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_the_lines_hold_both_texts_completely(before: list[str], after: list[str]) -> None:
    lines = side_by_side("\n".join(before), "\n".join(after))
    assert [line.before for line in lines if line.before is not None] == before
    assert [line.after for line in lines if line.after is not None] == after
    assert all(line.before == line.after for line in lines if line.kind == "same")
