"""Templates: every syntax with its escapes, rendering that reads no value again, and prompts a person writes badly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.prompts.template import Piece, convert, file_text, fill, parse_prompt, pieces, render, variables, write
from pipeline.records import PromptVersion, Sample, Syntax

SYNTAXES = st.sampled_from(list(Syntax))
NASTY = st.text(alphabet='{}$\\ax1 \n"', max_size=14)
NAMES = st.sampled_from(["x", "a", "x1", "question", "QUESTION", "größe"])
PARTS = st.lists(st.one_of(NASTY.map(Piece), NAMES.map(lambda name: Piece(name, variable=True))), max_size=6)


def merged(parts: list[Piece]) -> list[Piece]:
    done: list[Piece] = []
    for part in parts:
        if not part.variable and done and not done[-1].variable:
            done[-1] = Piece(done[-1].text + part.text)
        elif part.text:
            done.append(part)
    return [p for p in done if p.text]


@given(PARTS, SYNTAXES, NASTY)
def test_what_is_written_is_read_back(parts: list[Piece], syntax: Syntax, like: str) -> None:
    assert list(pieces(write(parts, syntax, like=like), syntax)) == merged(parts)


@given(NASTY, SYNTAXES, SYNTAXES)
def test_another_syntax_says_the_same(text: str, source: Syntax, target: Syntax) -> None:
    assert pieces(convert(text, source, target), target) == pieces(text, source)


@given(PARTS, SYNTAXES, st.dictionaries(NAMES, NASTY | st.just("{x} {{x}} {$x} <freeze>")))
def test_a_value_is_put_in_once_and_never_read_again(parts: list[Piece], syntax: Syntax, values: dict[str, str]) -> None:
    values = dict.fromkeys(("x", "a", "x1", "question", "QUESTION", "größe"), "v") | values
    expected = "".join(values[p.text] if p.variable else p.text for p in merged(parts))
    assert fill(write(parts, syntax), syntax, values) == expected


@pytest.mark.parametrize(
    ("text", "syntax", "sent"),
    [
        ('{"a": {"b": 1}} {x}', Syntax.SINGLE, '{"a": {"b": 1}} V'),
        ('{{"a": "{x}"}}', Syntax.SINGLE, '{"a": "V"}'),
        ('{"a": {x}}', Syntax.SINGLE, '{"a": V}'),
        ("{{x}} {x}", Syntax.SINGLE, "{x} V"),
        ("{{{x}}}", Syntax.SINGLE, "{V}"),
        ("{} {{x}} {x}", Syntax.SINGLE, "{} {x} V"),
        ("{{ x }} {x} {$x}", Syntax.DOUBLE, "V {x} {$x}"),
        (r"\{{x}} \\{{x}}", Syntax.DOUBLE, r"{{x}} \V"),
        ('{"a": "{{x}}"}', Syntax.DOUBLE, '{"a": "V"}'),
        (r"{$X} \{$X} {X} {{X}}", Syntax.DOLLAR, "V {$X} {X} {{X}}"),
        ("<freeze>Keep {x}</freeze>!", Syntax.SINGLE, "Keep V!"),
    ],
)
def test_each_syntax_reads_its_own_marks_only(text: str, syntax: Syntax, sent: str) -> None:
    assert fill(text, syntax, {"x": "V"}) == sent


def test_a_request_carries_system_user_and_parameters() -> None:
    prompt = PromptVersion(user="Q: {question}", system="You answer {Tone}.")
    request = render(prompt, Sample(id="s1", variables={"question": "{tone}?", "tone": "kindly"}))
    assert (request.sample_id, request.system, [t.text for t in request.turns]) == ("s1", "You answer kindly.", ["Q: {tone}?"])
    assert request.parameters == prompt.parameters


def test_the_column_of_the_exact_name_comes_before_one_in_other_case() -> None:
    assert fill("{Q} {q}", Syntax.SINGLE, {"q": "small", "Q": "big"}) == "big small"


def test_a_missing_variable_is_named_with_what_the_dataset_has() -> None:
    with pytest.raises(InputError) as caught:
        render(PromptVersion(user="{query}"), Sample(id="s1", variables={"question": "?", "context": "!"}))
    assert '"query"' in caught.value.message
    assert "context, question" in caught.value.message


def test_two_columns_that_differ_in_case_only_are_not_guessed_between() -> None:
    with pytest.raises(InputError, match="asks for the variable"):
        fill("{QUESTION}", Syntax.SINGLE, {"question": "1", "Question": "2"})


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        ("Hi {question}", Syntax.SINGLE),
        ('Give {{"a": 1}} for {question}', Syntax.SINGLE),
        ('Give {"a": 1} for {{ question }}', Syntax.DOUBLE),
        ("<q>{$QUESTION}</q>", Syntax.DOLLAR),
        ("syntax: {{x}}\nWrite {name} for {{x}}", Syntax.DOUBLE),
        ("Syntax: {$X}\n{{a}} {$B}", Syntax.DOLLAR),
    ],
)
def test_the_syntax_is_found_or_declared(text: str, syntax: Syntax) -> None:
    prompt = parse_prompt(text)
    assert prompt.syntax is syntax
    assert len(variables(prompt)) == 1
    assert "syntax:" not in prompt.user.lower()


def test_variables_are_a_sorted_multiset_over_system_and_user() -> None:
    assert variables(parse_prompt("{b} {a} {b}", "{c}")) == ("a", "b", "b", "c")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{a} {{b}}", "more than one syntax"),
        ("{{a}} {$B}", "more than one syntax"),
        ("Classify this.", "marks no variable"),
        ("Classify %s", "%s"),
        ("Classify %(text)s", "%(text)s"),
        ("Classify ${text}", "${text}"),
        ("{{#each rows}}{{x}}{{/each}}", "{{#each rows}}"),
        ("{{ user.name }} {{x}}", "{{ user.name }}"),
        ("{% if a %}{{x}}{% endif %}", "{% if a %}"),
        ("{{x | upper}}", "{{x | upper}}"),
        ("", "marks no variable"),
    ],
)
def test_what_cannot_be_filled_is_refused_with_the_way_out(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_prompt(text)
    assert said in caught.value.message


def test_marks_of_frozen_spans_are_read_however_they_are_written() -> None:
    prompt = parse_prompt("<FREEZE>Be kind.</Freeze > {x}", "<freeze >You sort.< /freeze>")
    assert prompt.texts == ("<freeze>You sort.</freeze>", "<freeze>Be kind.</freeze> {x}")
    assert render(prompt, Sample(id="1", variables={"x": "<FREEZE>"})).turns[0].text == "Be kind. <FREEZE>"


def test_a_declared_syntax_takes_the_other_marks_as_text() -> None:
    prompt = parse_prompt("Costs ${price}, {{b}} and {a}", syntax=Syntax.SINGLE)
    assert variables(prompt) == ("a", "price")
    assert fill(prompt.user, prompt.syntax, {"a": "A", "price": "5"}) == "Costs $5, {b} and A"


@given(PARTS, SYNTAXES)
def test_a_prompt_in_a_file_is_read_back_as_it_was(parts: list[Piece], syntax: Syntax) -> None:
    prompt = PromptVersion(user=write([*parts, Piece("x", variable=True)], syntax), syntax=syntax)
    assert parse_prompt(file_text(prompt)) == prompt


def test_only_an_unclear_prompt_declares_its_syntax_in_a_file() -> None:
    assert file_text(PromptVersion(user="Hi {x}")) == "Hi {x}"
    assert file_text(PromptVersion(user="{a} {{b}}", syntax=Syntax.DOUBLE)) == "syntax: {{x}}\n{a} {{b}}"
