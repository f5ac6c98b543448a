"""Tools: read in every published shape, legal for every provider, found for a sample, and kept by what is guarded."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.prompts.guards import check
from pipeline.prompts.importers import Source, imported
from pipeline.prompts.methods import METHODS, candidates
from pipeline.prompts.methods.writing import asked as told
from pipeline.prompts.template import render
from pipeline.prompts.tools import NAME, legal, legal_toolset, tools_of
from pipeline.records import PromptVersion, Sample, Toolset, ToolSpec, UseCase
from tests.pipeline.prompts.asks import CLAUDE, GPT_4, LLAMA, NOVA, ask

SCHEMA = {"type": "dict", "properties": {"side": {"type": "float"}, "any": {"type": "any"}}, "required": ["side"]}
BERKELEY = {"name": "shape.area", "description": "An area.", "parameters": SCHEMA}
OPENAI = {"type": "function", "function": BERKELEY}
CONVERSE = {"toolSpec": {"name": "shape.area", "description": "An area.", "inputSchema": {"json": SCHEMA}}}
LEGAL = ToolSpec(
    name="shape_area",
    description="An area.",
    schema='{"properties":{"any":{},"side":{"type":"number"}},"required":["side"],"type":"object"}',
)
LOCAL = {name: method for name, method in METHODS.items() if name != "OptimizePrompt"}
SAMPLE = Sample(id="1", variables={"question": "How large?", "functions": json.dumps([BERKELEY])})


@pytest.mark.parametrize("shape", [BERKELEY, OPENAI, CONVERSE])
def test_every_shape_gives_the_same_tool(shape: object) -> None:
    assert legal(tools_of(json.dumps([shape]), "x")) == (LEGAL,)
    assert legal(tools_of(json.dumps(shape), "x")) == (LEGAL,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "The tools of sample 1 are no JSON."),
        ('[{"description": "x"}]', "Tool 1 of sample 1 has no name"),
        ('[{"name": "a", "parameters": [1]}]', "The input of tool 1 of sample 1 must be a JSON schema"),
    ],
)
def test_what_is_no_tool_is_a_sentence(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        tools_of(text, "sample 1")


def test_two_names_that_become_one_are_told_apart() -> None:
    tools = [ToolSpec(name=name, schema="{}") for name in ("a.b", "a_b", "a/b", "", "é" * 70)]
    assert [tool.name for tool in legal(tools)] == ["a_b_2", "a_b", "a_b_3", "tool", "_" * 64]


def test_the_choice_follows_the_name_and_none_leaves_the_tools_out() -> None:
    tools = tools_of(json.dumps([BERKELEY]), "x")
    assert legal_toolset(Toolset(tools=tools, choice="shape.area")) == Toolset(tools=(LEGAL,), choice="shape_area")
    assert legal_toolset(Toolset(tools=tools, choice="none")) is None


@given(st.lists(st.builds(ToolSpec, name=st.text(max_size=80), schema=st.just("{}")), max_size=6))
def test_legal_tools_stay_as_they_are(tools: list[ToolSpec]) -> None:
    once = legal(tools)
    assert all(NAME.fullmatch(tool.name) for tool in once)
    assert legal(once) == once
    assert len({tool.name for tool in once}) >= len({tool.name for tool in tools})


def test_a_request_offers_the_prompts_tools_or_those_of_the_sample() -> None:
    fixed = PromptVersion(user="{question}", tools=Toolset(tools=(LEGAL,), choice="any"))
    request = render(fixed, SAMPLE)
    assert (request.tools, request.tool_choice) == ((LEGAL,), "any")
    own = replace(fixed, tools=Toolset(variable="functions"))
    assert render(own, SAMPLE).tools == (LEGAL,)
    assert render(replace(fixed, tools=Toolset(tools=(LEGAL,), choice="none")), SAMPLE).tools == ()
    with pytest.raises(InputError, match='takes tools from the column "functions"'):
        render(own, Sample(id="2", variables={"question": "x"}))


def test_prompts_without_tools_keep_their_hash() -> None:
    assert PromptVersion(user="{question}").hash == "5261874a8ae60ca8917eab971545379b4d6074ad85daa2a3e228d0d83d869ebc"
    with_tools = PromptVersion(user="{question}", tools=Toolset(tools=(LEGAL,)))
    assert len({PromptVersion(user="{question}").hash, with_tools.hash, replace(with_tools, tools=Toolset()).hash}) == 3


@pytest.mark.parametrize("target", [CLAUDE, GPT_4, LLAMA, NOVA])
async def test_every_candidate_offers_the_tools_under_legal_names(target: str) -> None:
    body = {"messages": [{"role": "user", "content": "Say how large: {question} "}], "tools": [OPENAI], "tool_choice": "auto"}
    (found,) = imported(Source(text=json.dumps(body), name="chat.json"))
    asked = ask(found.prompt, target, use_case=UseCase.EXTRACTION)
    made = await candidates(asked, LOCAL)
    assert len(made) > 1
    assert [(c.refusal, c.prompt.tools) for c in made] == [(None, Toolset(tools=(LEGAL,), choice="auto"))] * len(made)
    assert made[0].prompt.edits[-1].rule == "tools"


def test_a_candidate_that_changes_the_tools_is_refused() -> None:
    asked = ask(PromptVersion(user="{question}", tools=Toolset(tools=(LEGAL, replace(LEGAL, name="other")))), CLAUDE)
    assert check(replace(asked.prompt, tools=None), asked) == "It no longer offers 2 of 2 tools (other, shape_area)."
    forced = replace(asked.prompt, tools=Toolset(tools=(LEGAL, replace(LEGAL, name="other")), choice="any"))
    assert "It changed the tools" in (check(forced, asked) or "")
    described = tuple(replace(tool, description="Written anew.") for tool in (LEGAL, replace(LEGAL, name="other")))
    assert check(replace(asked.prompt, tools=Toolset(tools=described)), asked) is None


async def test_where_tools_are_called_no_method_asks_for_text_or_shows_calls_as_text() -> None:
    calls = json.dumps([{"name": "look", "arguments": {"n": 1}}])
    samples = tuple(replace(SAMPLE, id=str(n), reference=calls) for n in range(8))
    prompt = PromptVersion(user="Find {question}", tools=Toolset(tools=(LEGAL,)))
    for use_case in (UseCase.EXTRACTION, UseCase.CLASSIFICATION):
        made = await candidates(ask(prompt, CLAUDE, use_case=use_case, samples=samples), LOCAL)
        assert [(c.prompt.method, c.prompt.user) for c in made] == [("as is", "Find {question}")]
        assert made[0].prompt.parameters == prompt.parameters


async def test_a_writer_is_told_that_tools_stand_beside_the_prompt() -> None:
    asked = ask(PromptVersion(user="Find {question}", tools=Toolset(tools=(LEGAL,))), CLAUDE, use_case=UseCase.CHAT)
    assert "A call of a tool (shape_area) or a text." in told(asked, asked.prompt, "")
