"""A version as a managed prompt and back: whatever it is, the same hash; what prompt management cannot hold is said."""

import json
import random
import zlib
from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.prompts.importers import Source, imported
from pipeline.prompts.managed import record
from pipeline.prompts.managed.form import metadata_of, unsaid, variant
from pipeline.prompts.template import Piece, parse_prompt, write
from pipeline.records import Parameters, PromptVersion, Step, Syntax, Toolset, ToolSpec, Turn
from tests.pipeline.aws.wire import violations

FULL = PromptVersion(
    system="You sort {$MESSAGE}s.",
    turns=(Turn(role="user", text="Hi"), Turn(role="assistant", text='{"a": {"b": 1}}')),
    user="<freeze>Never guess.</freeze>\n{$MESSAGE}",
    syntax=Syntax.DOLLAR,
    parameters=Parameters(max_tokens=64, temperature=0.7, top_p=0.9, stop=("\n",), json_schema='{"type":"object"}'),
    method="family rules, wording",
    parent="0" * 64,
    finish=(Step(name="json-part"),),
)


def too_large() -> PromptVersion:
    """What no compression fits into the metadata."""
    chance = random.Random(3)
    return parse_prompt(" ".join(str(chance.random()) for _ in range(5000)) + " {question}")


def back(form: dict[str, Any]) -> Any:
    assert list(violations("PromptVariant", form, "bedrock-agent")) == []
    return imported(Source(text=json.dumps({"name": "p", "variants": [form]}), name="p.json"))[0]


def test_what_a_model_sees_is_in_the_open_and_the_rest_comes_back_with_it() -> None:
    form = variant(FULL, "eu.amazon.nova-lite-v1:0", {"ferry.migration": "Support: Müller & Söhne"})
    chat = form["templateConfiguration"]["chat"]
    assert chat["system"] == [{"text": "You sort {{MESSAGE}}s."}]
    assert [m["role"] for m in chat["messages"]] == ["user", "assistant", "user"]
    assert chat["messages"][-1]["content"] == [{"text": "Never guess.\n{{MESSAGE}}"}]
    assert chat["inputVariables"] == [{"name": "MESSAGE"}]
    assert form["inferenceConfiguration"]["text"] == {"maxTokens": 64, "temperature": 0.7, "topP": 0.9, "stopSequences": ["\n"]}
    said = metadata_of(form)
    assert (said["ferry.hash"], said["ferry.method"]) == (FULL.hash, "family rules- wording")
    assert said["ferry.migration"] == "Support: M-ller - S-hne"
    found = back(form)
    assert found.prompt == FULL
    assert found.model == "eu.amazon.nova-lite-v1:0"
    assert ["outputConfig" in unsaid(FULL)[0], "(json-part)" in unsaid(FULL)[1]] == [True, True]
    assert unsaid(parse_prompt("{q}")) == ()


TOOL = ToolSpec(name="look_up", schema='{"properties":{"id":{"type":"string"}},"type":"object"}', description="Finds an order.")


@pytest.mark.parametrize(
    ("choice", "told"), [("", None), ("auto", None), ("any", {"any": {}}), ("look_up", {"tool": {"name": "look_up"}})]
)
def test_tools_are_in_the_open_and_come_back_with_the_same_hash(choice: str, told: object) -> None:
    prompt = replace(parse_prompt("Help with {question}"), tools=Toolset(tools=(TOOL,), choice=choice))
    form = variant(prompt)
    assert form["templateType"] == "CHAT"
    configuration = form["templateConfiguration"]["chat"]["toolConfiguration"]
    (spec,) = [tool["toolSpec"] for tool in configuration["tools"]]
    assert (spec["name"], spec["description"], spec["inputSchema"]["json"]["type"]) == ("look_up", "Finds an order.", "object")
    assert configuration.get("toolChoice") == told
    found = back(form)
    assert (found.prompt, found.not_carried) == (prompt, ())
    spec["description"] = "Deletes an order."
    changed = back(form)
    assert "changed since" in changed.not_carried[0]
    assert changed.prompt.tools
    assert changed.prompt.tools.tools[0].description == "Deletes an order."


def test_tools_that_nobody_may_call_stay_out_and_those_of_samples_are_said() -> None:
    none = replace(parse_prompt("Help with {question}"), tools=Toolset(tools=(TOOL,), choice="none"))
    assert variant(none)["templateType"] == "TEXT"
    assert back(variant(none)).prompt == none
    of_samples = replace(none, tools=Toolset(variable="tools"))
    assert "toolConfiguration" not in str(variant(of_samples))
    assert back(variant(of_samples)).prompt == of_samples
    assert 'the column "tools"' in unsaid(of_samples)[0]


def test_a_text_alone_is_a_text_prompt() -> None:
    form = variant(parse_prompt("Sort {question}"))
    assert form["templateType"] == "TEXT"
    assert form["templateConfiguration"] == {"text": {"text": "Sort {{question}}", "inputVariables": [{"name": "question"}]}}
    assert "modelId" not in form


LITERAL = st.text(st.sampled_from('ab {}"\n\\<>ü'), max_size=12)
PARTS = st.lists(st.builds(Piece, LITERAL) | st.builds(Piece, st.sampled_from(["q", "topic_2"]), st.just(True)), max_size=5)
ANY_PARAMETERS = st.builds(
    Parameters,
    max_tokens=st.integers(1, 9000),
    temperature=st.none() | st.floats(0, 1),
    top_p=st.none() | st.floats(0, 1),
    stop=st.lists(st.text(max_size=3), max_size=4).map(tuple),
    json_schema=st.none() | st.just("{}"),
)


@given(st.sampled_from(list(Syntax)), st.lists(PARTS, min_size=3, max_size=3), ANY_PARAMETERS)
def test_every_prompt_it_takes_comes_back_with_its_hash(syntax: Syntax, texts: list[list[Piece]], parameters: Parameters) -> None:
    system, shown, user = (write(parts, syntax) for parts in texts)
    turns = (Turn(role="user", text=shown or "a"), Turn(role="assistant", text="b")) if shown else ()
    prompt = PromptVersion(system=system, turns=turns, user=user or "a", syntax=syntax, parameters=parameters)
    with suppress(InputError):  # a literal {{q}}, or one brace too many beside a variable
        assert back(variant(prompt)).prompt.hash == prompt.hash


def test_numbers_in_single_precision_are_the_same_prompt() -> None:
    form = variant(FULL)
    form["inferenceConfiguration"]["text"]["temperature"] = 0.699999988079071
    assert back(form).prompt == FULL


def test_a_prompt_that_somebody_changed_is_what_is_there_now() -> None:
    form = variant(FULL)
    form["templateConfiguration"]["chat"]["system"] = [{"text": "Answer {{MESSAGE}} anyhow."}]
    found = back(form)
    assert found.prompt.system == "Answer {{MESSAGE}} anyhow."
    assert found.prompt.hash != FULL.hash
    assert "changed since Ferry published it" in found.not_carried[0]


@pytest.mark.parametrize("spoilt", ["AAAA", "not base64 +", "", "eJwDAAAAAAE="])
def test_a_record_that_cannot_be_read_is_none(spoilt: str) -> None:
    form = variant(FULL)
    form["metadata"] = [{"key": "ferry.record.00", "value": spoilt}]
    assert back(form).prompt.syntax is Syntax.DOUBLE


def test_a_record_that_would_fill_the_memory_is_none() -> None:
    bomb = b64encode(zlib.compress(b"[" * 50_000_000, 9)).decode()
    parts = {f"{record.KEY}{n:03d}": bomb[at : at + 1024] for n, at in enumerate(range(0, len(bomb), 1024))}
    assert record.read(parts) is None


def test_a_prompt_too_large_for_the_metadata_is_published_and_read_as_it_stands() -> None:
    form = variant(too_large())
    assert not any(key.startswith(record.KEY) for key in metadata_of(form))
    assert back(form).prompt.user == too_large().user.replace("{question}", "{{question}}")


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (parse_prompt("{größe}"), "does not take the variable name"),
        (parse_prompt("{__x}"), "does not take the variable name"),
        (parse_prompt(" ".join(f"{{v{n}}}" for n in range(21))), "at most 20 variables"),
        (parse_prompt("syntax: {x}\n{{name}} and {question}"), None),
        (parse_prompt("syntax: {$X}\n{{name}} and {$question}"), "means as plain text"),
        (replace(FULL, parameters=Parameters(stop=tuple("abcde"))), "at most 4 stop sequences"),
        (replace(FULL, parameters=Parameters(temperature=1.5)), "temperature from 0 to 1; this prompt has 1.5"),
    ],
)
def test_what_prompt_management_cannot_hold_is_said(prompt: PromptVersion, words: str | None) -> None:
    if words is None:
        assert back(variant(prompt)).prompt == prompt
        return
    with pytest.raises(InputError, match=words):
        variant(prompt)


def test_a_model_that_cannot_be_named_is_refused() -> None:
    with pytest.raises(InputError, match="is no model that prompt management can name"):
        variant(FULL, "local model with spaces")


def test_a_tool_whose_name_prompt_management_does_not_take_is_named() -> None:
    """A hyphen is legal for Converse and for no managed prompt."""
    tool = ToolSpec(name="get-weather", schema='{"type":"object"}')
    with pytest.raises(InputError, match='takes no tool called "get-weather"'):
        variant(PromptVersion(user="{q}", tools=Toolset(tools=(tool,))))
