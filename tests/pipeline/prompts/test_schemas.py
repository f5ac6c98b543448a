"""Schemas of answers on their way to a target: the part it takes, the words where it takes none, the guess from references."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, validate

from pipeline.prompts.guards import check
from pipeline.prompts.importers import Imported
from pipeline.prompts.lint import fixed, lint
from pipeline.prompts.methods import METHODS, candidates
from pipeline.prompts.methods.answer_schema import AnswerSchema
from pipeline.prompts.schemas import IN_WORDS, inferred, legal_schema, with_legal_schema
from pipeline.prompts.template import render, variables
from pipeline.records import Parameters, PromptVersion, Sample, Syntax, UseCase
from tests.pipeline.prompts.asks import CLAUDE, GPT_4, LLAMA, NOVA, ask

SCHEMA = json.dumps(
    {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}, "l": {"items": {"type": "object"}}}}
)
PROMPT = PromptVersion(user="Count {question}", system="Give JSON.", parameters=Parameters(json_schema=SCHEMA))
LOCAL = {name: method for name, method in METHODS.items() if name != "OptimizePrompt"}


def test_a_target_gets_the_part_it_takes() -> None:
    assert json.loads(legal_schema(SCHEMA, CLAUDE) or "") == {
        "type": "object",
        "additionalProperties": False,
        "properties": {"n": {"type": "integer"}, "l": {"items": {"type": "object", "additionalProperties": False}}},
    }
    assert legal_schema(SCHEMA, GPT_4) == SCHEMA
    assert legal_schema(SCHEMA, LLAMA) is None


@pytest.mark.parametrize("syntax", Syntax)
def test_where_none_is_taken_the_schema_is_said_and_arrives_as_it_is(syntax: Syntax) -> None:
    marked = {Syntax.SINGLE: "{question}", Syntax.DOUBLE: "{{question}}", Syntax.DOLLAR: "{$question}"}[syntax]
    for system in ("", "Give JSON."):
        prompt = PromptVersion(user=f"Count {marked}\nAnswer:", system=system, syntax=syntax, parameters=PROMPT.parameters)
        said = with_legal_schema(prompt, LLAMA)
        assert said.parameters.json_schema is None
        assert variables(said) == ("question",)
        request = render(said, Sample(id="1", variables={"question": "x"}))
        whole = f"{request.system}\n{request.turns[-1].text}"
        assert f"{IN_WORDS}\n{SCHEMA}" in whole
        assert request.turns[-1].text.endswith("Count x\nAnswer:")
        assert with_legal_schema(said, LLAMA) == said


@pytest.mark.parametrize("target", [CLAUDE, LLAMA, NOVA, GPT_4])
async def test_every_candidate_is_one_the_target_would_take(target: str) -> None:
    found = await candidates(ask(PROMPT, target, use_case=UseCase.CHAT), LOCAL)
    assert [c.refusal for c in found] == [None] * len(found)
    for one in found:
        errors = [f.rule for f in lint(Imported(name="x", format="x", prompt=one.prompt), target) if f.severity == "error"]
        assert errors == []


def test_the_lint_says_it_and_fixes_it() -> None:
    for target, rule in ((LLAMA, "schema-not-taken"), (CLAUDE, "schema-subset")):
        imported = Imported(name="x", format="x", prompt=PROMPT)
        assert rule in {f.rule for f in lint(imported, target) if f.lossless}
        after = fixed(imported, target)
        assert after.prompt == with_legal_schema(PROMPT, target)
        assert rule not in {f.rule for f in lint(after, target)}


def test_a_schema_that_was_asked_for_must_stay() -> None:
    asked = ask(PROMPT, GPT_4, use_case=UseCase.CHAT)
    other = PromptVersion(user="Count {question}", system="Give JSON.", parameters=Parameters(json_schema="{}"))
    assert check(other, asked) == "It changed the JSON schema of the answer."


REFERENCES = tuple(
    json.dumps({"u": "high" if n % 2 else "low", "c": {"a": bool(n % 3)}, "n": n, "s": f"text {n}"}) for n in range(8)
)


def test_a_schema_is_guessed_from_references_that_are_objects() -> None:
    assert json.loads(inferred(REFERENCES) or "") == {
        "type": "object",
        "additionalProperties": False,
        "required": ["u", "c", "n", "s"],
        "properties": {
            "u": {"type": "string", "enum": ["high", "low"]},
            "c": {
                "type": "object", "additionalProperties": False, "required": ["a"], "properties": {"a": {"type": "boolean"}}
            },
            "n": {"type": "integer"},
            "s": {"type": "string"},
        },
    }  # fmt: skip
    assert inferred(REFERENCES[:4]) is None
    assert inferred((*REFERENCES, "no JSON")) is None
    assert inferred(["{}"] * 9) is None
    assert inferred(["1"] * 9) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), JSON, min_size=1), min_size=5, max_size=8))
def test_every_reference_fits_the_schema_guessed_from_it(values: list[dict[str, object]]) -> None:
    schema = inferred([json.dumps(value) for value in values])
    if schema is not None:
        Draft202012Validator.check_schema(json.loads(schema))
        for value in values:
            validate(value, json.loads(schema))


async def test_the_guess_is_a_candidate_of_its_own_where_the_target_takes_a_schema() -> None:
    samples = tuple(Sample(id=str(n), variables={"question": f"q{n}"}, reference=text) for n, text in enumerate(REFERENCES))
    asked = ask("Give JSON for {question}", CLAUDE, use_case=UseCase.EXTRACTION, samples=samples)
    found = {c.prompt.method: c for c in await candidates(asked, LOCAL)}
    guess = found["answer schema"]
    assert guess.refusal is None
    assert guess.prompt.parameters.json_schema == inferred(REFERENCES)
    assert not guess.prompt.edits[-1].lossless
    for other in (ask("Say {question}", CLAUDE, samples=samples), ask("JSON: {question}", LLAMA, samples=samples), ask(PROMPT)):
        assert not AnswerSchema().applies(other)
