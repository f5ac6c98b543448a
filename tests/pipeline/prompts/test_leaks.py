"""Leaks: text of samples is found wherever a candidate could carry it, and the task's own vocabulary is none."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.prompts.leaks import leaks
from pipeline.prompts.port import Ask
from pipeline.records import Parameters, PromptVersion, Sample, Step, Toolset, ToolSpec, UseCase
from tests.pipeline.prompts.asks import ask

PLAIN = PromptVersion(user="Classify {question} now.")
LEAKED = "I want my money back for the broken kettle"
"""What the dev sample s1 asks."""


def schema(**field: object) -> str:
    return json.dumps({"type": "object", "properties": {"label": {"type": "string", **field}}})


def tool(description: str = "", schema: str = "{}") -> Toolset:
    return Toolset(tools=(ToolSpec(name="look", description=description, schema=schema),))


def found(candidate: PromptVersion, asked: Ask) -> tuple[tuple[str, ...], tuple[str, ...]]:
    each = leaks(candidate, asked)
    return each.held_out, each.dev


def pairs(*texts: tuple[str, str], use_case: UseCase = UseCase.EXTRACTION) -> Ask:
    held = tuple(Sample(id=f"t{n}", variables={"question": q, "language": "en"}, reference=a) for n, (q, a) in enumerate(texts))
    return replace(ask(PLAIN, use_case=use_case), held_out=held)


@pytest.mark.parametrize(
    "candidate",
    [
        replace(PLAIN, system=f"Such as: {LEAKED}."),
        replace(PLAIN, parameters=Parameters(json_schema=schema(description=f"as for: {LEAKED}"))),
        replace(PLAIN, parameters=Parameters(json_schema=schema(enum=["refund", LEAKED]))),
        replace(PLAIN, parameters=Parameters(json_schema=schema(description=LEAKED.replace("I", "\\u200b\u0049")))),
        replace(PLAIN, parameters=Parameters(json_schema=f"not json: {LEAKED}")),
        replace(PLAIN, parameters=Parameters(stop=(LEAKED,))),
        replace(PLAIN, tools=tool(LEAKED)),
        replace(PLAIN, tools=tool(schema=schema(description=LEAKED))),
        replace(PLAIN, finish=(Step(name="one of", values=("refund", LEAKED)),)),
        replace(PLAIN, prepare=(Step(name="keep", values=(LEAKED,)),)),
    ],
)
def test_a_sample_is_found_wherever_it_hides(candidate: PromptVersion) -> None:
    assert found(candidate, ask(PLAIN)) == ((), ("s1",))
    assert found(replace(candidate, shots=("s1",)), ask(PLAIN)) == ((), ())
    assert found(candidate, ask(candidate)) == ((), ())


@given(st.lists(st.sampled_from(["it is about my payment", "it is a delivery that came late"]), min_size=4, max_size=12))
def test_a_closed_set_of_answers_is_no_leak(answers: list[str]) -> None:
    samples = tuple(Sample(id=f"c{n}", variables={"question": f"text {n}"}, reference=a) for n, a in enumerate(answers))
    asked = ask(PLAIN, samples=samples)
    listed = sorted(set(answers))
    assert found(replace(PLAIN, parameters=Parameters(json_schema=schema(enum=listed))), asked) == ((), ())
    assert found(replace(PLAIN, finish=(Step(name="one of", values=tuple(listed)),)), asked) == ((), ())


def test_the_choices_of_a_guessed_schema_are_no_leak() -> None:
    answers = [json.dumps({"label": f"it is kind {'one' if n % 2 else 'two'}", "why": f"because of thing {n}"}) for n in range(8)]
    samples = tuple(Sample(id=f"j{n}", variables={"question": f"text {n}"}, reference=a) for n, a in enumerate(answers))
    asked = ask(PLAIN, use_case=UseCase.EXTRACTION, samples=samples)
    guessed = replace(PLAIN, parameters=Parameters(json_schema=schema(enum=["it is kind one", "it is kind two"])))
    assert found(guessed, asked) == ((), ())
    told = replace(
        PLAIN, parameters=Parameters(json_schema=schema(description='{"label": "it is kind one", "why": "because of thing 1'))
    )
    assert found(told, asked)[1]


@pytest.mark.parametrize("more", ["", ", please hurry up", " and I want another one, said my neighbour of the third floor"])
def test_a_text_that_several_test_samples_have_is_held_out_all_the_same(more: str) -> None:
    asked = pairs(("my blue bicycle has no bell at all", "a"), (f"my blue bicycle has no bell at all{more}", "b"))
    assert found(replace(PLAIN, system="As: my blue bicycle has no bell at all"), asked) == (("t0", "t1"), ())


def test_one_run_of_a_long_test_sample_may_be_chance() -> None:
    asked = pairs(("please tell me how I can top up my card from abroad", "a"))
    assert found(replace(PLAIN, system="They ask how I can top up my money."), asked) == ((), ())
    assert found(replace(PLAIN, system="They ask how I can top up my card."), asked) == (("t0",), ())


def test_two_short_questions_with_their_answers_are_a_leak_and_one_may_be_a_rule() -> None:
    asked = pairs(("lost card", "block"), ("top up", "limits"), ("pin", "change"))
    assert found(replace(PLAIN, system="Lost card: block."), asked) == ((), ())
    assert found(replace(PLAIN, system="Lost card -> block. Top up -> limits."), asked) == (("t0", "t1"), ())
    assert found(replace(PLAIN, system="In: pin\nOut: change\n\nIn: lost card\nOut: block"), asked) == (("t0", "t2"), ())
    assert found(replace(PLAIN, system="Know: lost card, top up, pin. Say block, limits or change."), asked) == ((), ())
    assert found(
        replace(PLAIN, system="Lost card: block. Top up: limits."),
        replace(asked, prompt=replace(PLAIN, system="Lost card: block. Top up: limits.")),
    ) == ((), ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("IT Italy\nFR France\nDE Germany", "Italy: IT / France: FR / Germany: DE"),
        ("- Italy (written in capital letters as) IT\n- France (written as) FR", "- Italy: IT\n- France: FR"),
    ],
)
def test_pairs_that_the_original_says_in_another_form_are_its_own(before: str, after: str) -> None:
    asked = pairs(("Italy", "IT"), ("France", "FR"), ("Germany", "DE"))
    original = replace(PLAIN, system=before)
    assert found(replace(PLAIN, system=after), replace(asked, prompt=original)) == ((), ())
    assert found(replace(PLAIN, system=after), asked)[0]


def test_what_is_the_answer_to_several_samples_is_the_task_s_own() -> None:
    unknown = "I do not know this from the context that was given"
    samples = tuple(Sample(id=f"r{n}", variables={"question": f"text {n}"}, reference=unknown) for n in range(4))
    own = Sample(id="own", variables={"question": "text"}, reference="It stands on the second page of the letter")
    asked = ask(PLAIN, use_case=UseCase.RAG, samples=(*samples, own))
    assert found(replace(PLAIN, system=f"If it is not there say: {unknown}."), asked) == ((), ())
    assert found(replace(PLAIN, system=f"Say: {own.reference}."), asked) == ((), ("own",))


def test_a_value_that_many_samples_share_is_no_question() -> None:
    asked = pairs(("one", "english"), ("two", "english"), ("three", "french"))
    assert found(replace(PLAIN, system="Where the language is en, answer in English; en is not french."), asked) == ((), ())


def test_short_dev_samples_shown_with_answers_must_be_declared() -> None:
    shown = replace(PLAIN, system="refund me = refund\nlate parcel = delivery")
    assert found(shown, ask(PLAIN)) == ((), ("s5", "s6"))
    assert found(replace(shown, shots=("s5", "s6")), ask(PLAIN)) == ((), ())
