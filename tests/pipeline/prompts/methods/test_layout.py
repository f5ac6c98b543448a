"""Layouts: the question, its label and the answer cue are read from the prompt, whatever it is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.prompts.methods.layout import layout_of
from pipeline.prompts.template import Piece, parse_prompt, pieces, write
from pipeline.records import Sample

SAMPLE = Sample(id="s1", variables={"question": "Where is {it}?", "context": "Here."}, reference="delivery")


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("Sort.\n\nMessage: {question}\nIntent:", "Message: Where is {it}?\nIntent: delivery"),
        ("Message: a\nIntent: b\n\nMessage: {question}\nIntent:", "Message: Where is {it}?\nIntent: delivery"),
        ("Sort this: {question}", "Sort this: Where is {it}?\nAnswer: delivery"),
        ("Sort the message {question} now.\nBe short.", "Sort the message Where is {it}? now.\nAnswer: delivery"),
        ("{question}\n=>", "Where is {it}?\n=> delivery"),
        ("Q: {question} A:", "Q: Where is {it}? A: delivery"),
        ("Text:\n{question}\n\n### Answer", "Text:\nWhere is {it}?\n\n### Answer\ndelivery"),
        ("Context: {context}\n\nQuestion: {question}\nAnswer:", "Context: Here.\n\nQuestion: Where is {it}?\nAnswer: delivery"),
        ("Sort.\n\n{{QUESTION}}", "Where is {it}?\nAnswer: delivery"),
    ],
)
def test_a_shot_looks_like_the_question(prompt: str, shown: str) -> None:
    assert layout_of(parse_prompt(prompt)).shown(SAMPLE) == shown


@pytest.mark.parametrize(
    ("prompt", "completed"),
    [
        ("Sort.\n\nMessage: {question}\nIntent:", "Sort.\n\nSHOT\n\nMessage: {question}\nIntent:"),
        ("Sort {question}.\n\nOne word only.", "One word only.\n\nSHOT\n\nSort {question}.\nAnswer:"),
        ("{question}", "SHOT\n\n{question}\nAnswer:"),
    ],
)
def test_for_a_base_model_the_text_ends_with_the_cue(prompt: str, completed: str) -> None:
    version = parse_prompt(prompt)
    layout = layout_of(version)
    text = write(layout.with_shots([SAMPLE], tagged=False, completion=True), version.syntax)
    shot = write([Piece(layout.shown(SAMPLE))], version.syntax)
    assert text.replace(shot, "SHOT") == completed


def test_for_a_chat_model_the_instructions_stay_where_they_are() -> None:
    version = parse_prompt("Sort {question}.\n\nOne word only.")
    text = write(layout_of(version).with_shots([SAMPLE], tagged=True, completion=False), version.syntax)
    assert text.startswith("<examples>\n<example>\nSort Where is {{it}}?.\nAnswer: delivery\n</example>\n</examples>\n\n")
    assert text.endswith("Sort {question}.\n\nOne word only.")


def test_examples_the_prompt_already_has_are_counted() -> None:
    layout = layout_of(parse_prompt("M: a\nIntent: x\n\nM: b\nIntent: y\n\nM: c\nIntent: x\n\nM: {question}\nIntent:"))
    assert dict(layout.solved()) == {"x": 2, "y": 1}
    assert layout.next_start == "\n\nM:"


LINES = st.sampled_from(["Sort.", "Message: {question}", "{context}", "", "Intent:", "Be {short}.", '{"a": 1}'])


@given(st.lists(LINES, min_size=1, max_size=7).map("\n".join), st.booleans(), st.booleans())
def test_no_variable_and_no_word_is_lost(text: str, tagged: bool, completion: bool) -> None:
    version = parse_prompt(text + "\n{question}")
    parts = layout_of(version).with_shots([], tagged=tagged, completion=completion)
    before = pieces(version.user, version.syntax)
    assert [p.text for p in parts if p.variable] == [p.text for p in before if p.variable]
    words = "".join(p.text for p in parts if not p.variable).replace("<examples>", "").replace("</examples>", "").split()
    assert sorted(w for p in before if not p.variable for w in p.text.split()) == sorted(
        words[: len(words) - added(words, before)]
    )


def added(words: list[str], before: tuple[Piece, ...]) -> int:
    """1 when the default cue was added at the end."""
    return len(words) - sum(len(p.text.split()) for p in before if not p.variable)
