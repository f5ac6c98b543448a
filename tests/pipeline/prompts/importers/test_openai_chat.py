"""OpenAI chat JSON: every message in its place, what is carried, and what is named as not carried."""

import json

import pytest

from pipeline.errors import InputError
from pipeline.prompts.importers.openai_chat import turns
from pipeline.prompts.template import render, variables
from pipeline.records import Sample, Syntax, Toolset, Turn
from tests.pipeline.prompts.importers.reading import one, read

SCHEMA = {"type": "object", "properties": {"label": {"type": "string"}}, "additionalProperties": False}
REQUEST = {
    "model": "gpt-4o",
    "messages": [
        {"role": "developer", "content": "Sort for {{shop}}."},
        {"role": "user", "content": [{"type": "text", "text": "Late"}, {"type": "text", "text": " parcel"}]},
        {"role": "assistant", "content": "delivery"},
        {"role": "user", "content": "{{question}}"},
    ],
    "temperature": 0.3,
    "max_completion_tokens": 40,
    "stop": "END",
    "seed": 7,
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}},
    "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}, "description": "Looks."}}],
    "tool_choice": "required",
}


def test_a_request_keeps_its_turns_parameters_and_schema() -> None:
    found = one(REQUEST)
    prompt = found.prompt
    assert found.format == "OpenAI chat JSON"
    assert (prompt.system, prompt.user, prompt.syntax) == ("Sort for {{shop}}.", "{{question}}", Syntax.DOUBLE)
    assert prompt.turns == (Turn(role="user", text="Late parcel"), Turn(role="assistant", text="delivery"))
    assert variables(prompt) == ("question", "shop")
    assert (prompt.parameters.max_tokens, prompt.parameters.temperature, prompt.parameters.stop) == (40, 0.3, ("END",))
    assert json.loads(prompt.parameters.json_schema or "") == SCHEMA
    request = render(prompt, Sample(id="1", variables={"shop": "us", "question": "{{shop}}?"}))
    assert [(turn.role, turn.text) for turn in request.turns][-2:] == [("assistant", "delivery"), ("user", "{{shop}}?")]


def test_what_is_not_sent_is_said_and_kept_for_the_lint() -> None:
    found = one(REQUEST)
    assert (found.model, found.tool_choice, found.response_format) == ("gpt-4o", "any", "json_schema")
    assert [(tool.name, tool.description) for tool in found.tools] == [("look", "Looks.")]
    assert found.prompt.tools == Toolset(tools=found.tools, choice="any")
    assert found.not_carried == ("Not sent: seed.",)


def test_the_list_of_messages_alone_is_read_and_a_started_answer_taken_off() -> None:
    found = one([{"role": "user", "content": "Sort {x}"}, {"role": "assistant", "content": "Label:"}])
    assert (found.prompt.user, found.prompt.turns, found.prefill) == ("Sort {x}", (), "Label:")
    assert "start of the answer" in found.not_carried[0]
    assert found.prompt.parameters.temperature is None


def test_neighbours_of_one_role_are_joined() -> None:
    found = one([{"role": "user", "content": "Sort"}, {"role": "user", "content": "{x}"}])
    assert found.prompt.user == "Sort\n\n{x}"
    assert found.roles == ("user", "user")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"role": "tool", "content": "4"}, 'role "tool"'),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, "no text (image_url)"),
        ({"role": "assistant", "tool_calls": [{}]}, "calls a tool"),
        ({"role": "user", "content": None}, "no content"),
        ({"role": "system", "content": "x"}, "no user message"),
    ],
)
def test_what_has_no_place_is_refused_with_its_place(message: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=r"prompt\.txt") as refused:
        read([message])
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("setting", "value"), [("temperature", "hot"), ("max_tokens", 1.5), ("stop", [1]), ("temperature", True)]
)
def test_a_setting_of_the_wrong_kind_is_refused(setting: str, value: object) -> None:
    with pytest.raises(InputError, match=r"prompt\.txt"):
        read({"messages": [{"role": "user", "content": "{x}"}], setting: value})


def test_earlier_turns_come_from_a_file_of_their_own() -> None:
    shown = [{"role": "user", "content": [{"text": "a"}]}, {"role": "assistant", "content": [{"text": "b"}]}]
    assert turns(json.dumps(shown), "shots.json") == (Turn(role="user", text="a"), Turn(role="assistant", text="b"))
    with pytest.raises(InputError, match="end with the assistant's"):
        turns(json.dumps(shown[:1]), "shots.json")
    with pytest.raises(InputError, match="must be a list"):
        turns("{}", "shots.json")


def test_a_request_without_a_message_is_no_plain_text() -> None:
    with pytest.raises(InputError, match="a list with one message at least"):
        read('{"model": "gpt-4o", "messages": []}')
