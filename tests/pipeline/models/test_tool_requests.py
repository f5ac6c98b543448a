"""Tools a prompt offers, as each provider is sent them; what comes back is read where the other answers are."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.models import open_model
from pipeline.models.providers.bedrock import converse_request
from pipeline.models.providers.openai_request import Dialect
from pipeline.records import ToolSpec
from tests.pipeline.models.ask import request

LOOK = ToolSpec(name="look", schema='{"type":"object"}', description="Looks.")
BARE = ToolSpec(name="find", schema='{"type":"object"}')


@pytest.mark.parametrize(
    ("choice", "converse", "openai"),
    [
        ("", None, None),
        ("auto", None, None),
        ("any", {"any": {}}, "required"),
        ("look", {"tool": {"name": "look"}}, {"type": "function", "function": {"name": "look"}}),
    ],
)
def test_tools_and_their_choice_go_out(choice: str, converse: Any, openai: Any) -> None:
    asked = replace(request(), tools=(LOOK, BARE), tool_choice=choice)
    config = converse_request("m", asked)["toolConfig"]
    schema = {"json": {"type": "object"}}
    looks, finds = {"name": "look", "description": "Looks.", "inputSchema": schema}, {"name": "find", "inputSchema": schema}
    assert config["tools"] == [{"toolSpec": looks}, {"toolSpec": finds}], "an empty description would be refused"
    assert config.get("toolChoice") == converse
    body = Dialect().body("m", asked, stream=False)
    assert [tool["function"]["name"] for tool in body["tools"]] == ["look", "find"]
    assert body.get("tool_choice") == openai


def test_without_tools_nothing_is_sent_of_them() -> None:
    assert "toolConfig" not in converse_request("m", request())
    assert not {"tools", "tool_choice"} & Dialect().body("m", request(), stream=False).keys()


async def test_a_local_model_says_that_it_calls_none() -> None:
    output = await open_model("local:gemma3-270m").answer(replace(request(), tools=(LOOK,)))
    assert output.failure is not None
    assert (output.failure.kind, "calls no tools" in output.failure.message) == ("validation", True)


async def test_a_schema_that_is_no_json_is_refused_before_the_call() -> None:
    output = await open_model("openai:m@http://127.0.0.1:9/v1").answer(replace(request(), tools=(replace(LOOK, schema="{"),)))
    assert output.failure is not None
    assert output.failure.kind == "validation"
