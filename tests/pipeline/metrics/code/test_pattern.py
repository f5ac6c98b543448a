"""Patterns of people: useful ones are taken, and none that is taken can keep a worker."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.metrics.code.pattern import LONGEST_LINE, MOST_STEPS, compiled, found_in, steps

USEFUL = {
    r"^\d{4}-\d{2}-\d{2}$": ("2026-11-25", "25.11.2026"),
    r"\bQ[1-4] (19|20)\d{2}\b": ("In Q3 2024 sales rose", "In the third quarter"),
    r"\$\d{1,12}(\.\d{2})?": ("It cost $12.50.", "It cost 12 dollars."),
    r"^(Yes|No)\b": ("Yes, it is", "Perhaps"),
    r"[A-Z]{2,5}-\d+": ("see AB-123", "see 123"),
    r"[]x]\{": ("x{", "y{"),
    r"a{,3}b": ("aaab", "ccc"),
    r"(?:ab){2}c": ("ababc", "abc"),
}
DANGEROUS = (
    r"(a+)+$",
    r"(a|a)*b",
    r"(a*)*",
    r"(?:\w+\s?)+$",
    r".*.*.*x",
    r"\w+\w+\w+!",
    "(a|b)" * 20 + "c",
    r"a?" * 40 + r"a" * 20,
    r"(\d+)\1",
    r"(?=a)b",
    r"(?P<n>a)",
    r"(?i)a",
)
BROKEN = ("", "(", "[a", "a" * 201, "*a", "a{4,2}")


@pytest.mark.parametrize("pattern", USEFUL)
def test_what_people_write_for_answers_is_taken(pattern: str) -> None:
    has, lacks = USEFUL[pattern]
    made = compiled(pattern)
    assert found_in(made, f"First line.\n{has}")
    assert not found_in(made, lacks)


@pytest.mark.parametrize("pattern", [*DANGEROUS, *BROKEN])
def test_what_could_take_minutes_or_is_no_pattern_is_refused_with_the_way_out(pattern: str) -> None:
    with pytest.raises(InputError, match=r"[Ww]rite|[Cc]orrect"):
        compiled(pattern)


def test_a_pattern_looks_at_one_line_at_a_time_and_at_its_beginning_only() -> None:
    assert not found_in(compiled("a.b"), "a\nb")
    assert not found_in(compiled("zz"), "x" * LONGEST_LINE + "zz")
    assert found_in(compiled("zz"), "x" * LONGEST_LINE + "\nzz")


def test_the_worst_case_of_repeats_and_alternatives_is_their_product() -> None:
    assert steps("^abc") == 1
    assert steps("abc") == LONGEST_LINE
    assert steps("^a{1,3}(b|c)?d+") == 3 * 2 * 2 * LONGEST_LINE
    assert steps("a+") < MOST_STEPS < steps("a+b+")


ATOMS = st.sampled_from(["a", r"\w", ".", "[ab]", "b", r"\d"])
PIECES = st.tuples(ATOMS, st.sampled_from(["", "", "?", "+", "*", "{1,4}", "{2}"])).map("".join)
PATTERNS = st.lists(PIECES | st.tuples(PIECES, PIECES).map(lambda p: f"({p[0]}|{p[1]})"), min_size=1, max_size=6).map("".join)


@settings(max_examples=40, deadline=None)
@given(PATTERNS, st.sampled_from(["a", "ab", "a1", "b"]))
def test_whatever_is_taken_ends_soon_on_unlucky_texts(pattern: str, unlucky: str) -> None:
    try:
        made = compiled(f"{pattern}!")
    except InputError:
        return
    began = time.process_time()
    found_in(made, unlucky * 2_000)
    assert time.process_time() - began < 3
