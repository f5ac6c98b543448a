"""Declared steps beside a call: pure, idempotent, in the hash, applied by rendering and by the runner, shown in a diff."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts.diff import changes
from pipeline.prompts.steps.finish import FINISH, finished
from pipeline.prompts.steps.prepare import PREPARE, prepared
from pipeline.prompts.template import render
from pipeline.records import Output, PromptVersion, Sample, Step
from pipeline.run import answer

TEXTS = st.text(alphabet=" \n\t`{}[]<>/&;:,.\"'“”0123ab_pltg\u200b\u0007é", max_size=30)
VALUES = ("card_lost", "card", "top up")


@given(TEXTS, st.sampled_from(sorted(PREPARE)))
def test_an_input_step_done_twice_is_done_once(text: str, name: str) -> None:
    once = PREPARE[name].change(text)
    assert PREPARE[name].change(once) == once


@given(TEXTS, st.sampled_from(sorted(FINISH)))
def test_an_answer_step_done_twice_is_done_once(text: str, name: str) -> None:
    once = FINISH[name].change(text, VALUES)
    assert FINISH[name].change(once, VALUES) == once


@pytest.mark.parametrize(
    ("name", "text", "after"),
    [
        ("blanks", "  a \t b\r\n\n\n\n c ", "a b\n\nc"),
        ("characters", "a\u200bb\u0007\tc\ne\u0301", "ab\tc\né"),
        ("markup", "<p>a &amp; b</p><script>x()</script>c <3", "a & b\nc <3"),
    ],
)
def test_what_an_input_step_does(name: str, text: str, after: str) -> None:
    assert prepared((Step(name=name),), {"x": text}) == {"x": after}


@pytest.mark.parametrize(
    ("name", "text", "after"),
    [
        ("fence", 'Sure:\n```json\n{"a": 1}\n```\n', '{"a": 1}'),
        ("fence", "no fence", "no fence"),
        ("json", 'The result is {"a": [1, 2]}. Bye', '{"a": [1, 2]}'),
        ("json", '{"a": 1} or {"a": 2}', '{"a": 1} or {"a": 2}'),
        ("one of", "The intent is Card Lost.", "card_lost"),
        ("one of", "top up or card", "top up or card"),
        ("quotes", '"card"', "card"),
        ("quotes", '"a" and "b"', '"a" and "b"'),
        ("number", "It costs 12.50 euros.", "12.50"),
        ("number", "from 1 to 2", "from 1 to 2"),
        ("first line", "\n card \nbecause", "card"),
    ],
)
def test_what_an_answer_step_does(name: str, text: str, after: str) -> None:
    assert finished((Step(name=name, values=VALUES),), text) == after


def test_steps_are_in_the_hash_and_a_prompt_without_them_is_what_it_was() -> None:
    plain = PromptVersion(user="Say {x}")
    assert plain.hash == "afdeaca22c77289f7b355391fef6b9cba79205dc894a6b70fedda0f076b58de2"
    assert "prepare" not in canonical_json(plain)
    assert "finish" not in canonical_json(plain)
    fence, blanks = Step(name="fence"), Step(name="blanks")
    versions = {plain.hash, replace(plain, finish=(fence,)).hash, replace(plain, prepare=(blanks,)).hash}
    assert len(versions) == 3


def test_rendering_prepares_the_values_and_the_runner_finishes_the_answers() -> None:
    prompt = PromptVersion(user="Say {x}", prepare=(Step(name="markup"),), finish=(Step(name="first line"),))
    sample = Sample(id="1", variables={"x": "<b>hello</b>"})
    assert render(prompt, sample).turns[0].text == "Say hello"

    async def run() -> list[Output]:
        async with aclosing(answer(ScriptedModel(lambda request: f"{request.turns[0].text}\nmore"), prompt, [sample])) as outputs:
            return [output async for output in outputs]

    assert [output.text for output in asyncio.run(run())] == ["Say hello"]


def test_an_unknown_step_is_refused_before_a_call_is_paid() -> None:
    model, sample = ScriptedModel(lambda _: "x"), Sample(id="1", variables={"x": "y"})

    async def run(prompt: PromptVersion) -> None:
        async with aclosing(answer(model, prompt, [sample])) as outputs:
            async for _ in outputs:
                pass

    with pytest.raises(InputError, match='answer step "shout"'):
        asyncio.run(run(PromptVersion(user="Say {x}", finish=(Step(name="shout"),))))
    with pytest.raises(InputError, match='input step "shout"'):
        asyncio.run(run(PromptVersion(user="Say {x}", prepare=(Step(name="shout"),))))
    assert model.calls == 0


def test_a_diff_names_the_steps() -> None:
    before = PromptVersion(user="Say {x}")
    after = replace(before, finish=(Step(name="one of", values=("a", "b")),))
    found = changes(before, after)
    assert [change.section for change in found] == ["answer steps"]
    assert found[0].summary == "Answer steps none → one of: the application must do the same."
    assert [line.after for line in found[0].lines] == ["one of: a, b"]
