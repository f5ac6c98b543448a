"""A constraint counts as stated when its words are there: reordered and inflected, not negated and not with another number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.prompts.constraints import kept

VOCABULARY = ("never", "use", "at", "most", "3", "sentences", "mention", "prices", "do", "not", "answer")
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=8)


@pytest.mark.parametrize(
    ("constraint", "text", "stated"),
    [
        ("Answer in at most three sentences.", "Be kind.\nThe answer has three sentences at most.", True),
        ("Use at most 3 sentences.", "Use at most 4 sentences.", False),
        ("Do not mention prices.", "Never mention a price.", True),
        ("Do not mention prices.", "Mention prices.", False),
        ("Do not mention prices.", "Answer from the context.", False),
        ("Name the customer. Sign with Ferry.", "Name the customer.\n\nSign with Ferry.", True),
        ("", "anything", True),
    ],
)
def test_words_decide(constraint: str, text: str, stated: bool) -> None:
    assert kept(constraint, text) is stated


@given(WORDS, WORDS, WORDS)
def test_a_text_that_quotes_it_states_it(before: list[str], words: list[str], after: list[str]) -> None:
    constraint = " ".join(words)
    assert kept(constraint, "\n".join([" ".join(before), constraint, " ".join(after)]))
