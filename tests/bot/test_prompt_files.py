"""A candidate as the file that people edit: what was posted comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.listeners.prompt_edit import _imported
from bot.prompt_files import editable
from pipeline.errors import InputError
from pipeline.prompts.importers import Source
from pipeline.prompts.template import Piece, pieces, write
from pipeline.records import PromptVersion, Syntax

TEXTS = st.lists(st.sampled_from(["Sort ", "{answer}", "{{b}}", "{$C}", " as JSON: ", '{"a": 1}', "\n", "\\"]), max_size=5).map(
    "".join
)


@given(st.sampled_from(Syntax), TEXTS, TEXTS, TEXTS)
def test_the_file_of_a_prompt_reads_as_that_prompt(syntax: Syntax, system: str, before: str, after: str) -> None:
    user = write([Piece(before), Piece("question", variable=True), Piece(after)], syntax)
    said = write([Piece(f"Be kind. {system}")], syntax)
    for prompt in (PromptVersion(user=user, syntax=syntax), PromptVersion(user=user, system=said, syntax=syntax)):
        (read,) = _imported(Source(text=editable(prompt), name="prompt.yaml" if prompt.system else "prompt.txt"), prompt)
        found = read.prompt
        assert pieces(found.user, found.syntax) == pieces(prompt.user, syntax)
        assert pieces(found.system, found.syntax) == pieces(prompt.system, syntax)


def test_a_tag_that_ferry_does_not_fill_in_is_refused_unless_it_stood_in_the_prompt() -> None:
    written = Source(text="{% if question %}Sort {{question}}", name="prompt.txt")
    with pytest.raises(InputError, match=r"prompt.txt uses \{% if question %\}"):
        _imported(written, PromptVersion(user="Sort {{question}}", syntax=Syntax.DOUBLE))
    before = PromptVersion(user="{% if question %}{{question}}", syntax=Syntax.DOUBLE)
    assert _imported(written, before)[0].prompt.user == written.text
