"""What the adapter for OpenAI asks and reads when all goes well, over real connections."""

import json
from typing import Any

import pytest

from pipeline.errors import InputError
from pipeline.models import open_model
from pipeline.models.providers.openai import READ_OUT_S
from pipeline.models.settings import OpenAIAccess
from pipeline.records import Output, Parameters, Request, Tool, Turn, Usage
from tests.pipeline.models.ask import all_of, request, settings
from tests.pipeline.models.openai_peer import (
    DONE,
    KEY,
    SSE,
    Peer,
    answered,
    broken,
    chunk,
    error,
    openai_peer,
    plain,
    streamed,
)
from tests.pipeline.models.peer import Said

CALLED = [{"id": "c1", "type": "function", "function": {"name": "grade", "arguments": '{"score": 4}'}}]


async def ask(*said: Said, asked: Request | None = None, name: str = "gpt-4o", **changes: Any) -> tuple[Output, Peer]:
    async with openai_peer(said) as peer:
        model = open_model(f"openai:{name}", settings=settings(openai=peer.access(), **{"timeout_s": 5.0, **changes}))
        output = await model.answer(asked or request())
        await model.close()
        return output, peer


async def test_a_stream_gives_text_usage_and_the_time_to_its_first_token() -> None:
    output, peer = await ask(streamed("My ", "card", first=0.15, gap=0.1))
    assert (output.text, output.stop_reason, output.failure, output.attempts) == ("My card", "end_turn", None, 1)
    assert (output.usage, output.request_id) == (Usage(input_tokens=10, output_tokens=3, cache_read_tokens=4), "r-2")
    assert output.ttft_s is not None
    assert output.latency_s is not None
    assert 0.15 <= output.ttft_s <= output.latency_s - 0.15
    assert peer.asked[0].path == "/v1/chat/completions"
    assert peer.bodies[0]["stream_options"] == {"include_usage": True}


async def test_a_whole_reply_gives_the_same_but_no_time_to_first_token() -> None:
    output, peer = await ask(answered("My card"), stream=False)
    assert (output.text, output.stop_reason, output.ttft_s, output.request_id) == ("My card", "end_turn", None, "r-1")
    assert output.usage == Usage(input_tokens=10, output_tokens=3, cache_read_tokens=4)
    assert "stream" not in peer.bodies[0]
    assert "stream_options" not in peer.bodies[0]


async def test_the_request_says_what_the_prompt_says_and_no_more() -> None:
    parameters = Parameters(max_tokens=7, temperature=None, stop=("\n",), json_schema='{"type":"object"}')
    turns = (Turn(role="user", text="a"), Turn(role="assistant", text="b"), Turn(role="user", text="c"))
    asked = Request(sample_id="s1", system="Be kind.", turns=turns, parameters=parameters)
    _, peer = await ask(answered("x"), asked=asked, stream=False)
    assert peer.bodies == [
        {
            "model": "gpt-4o",
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"},
                {"role": "user", "content": "c"},
            ],
            "max_tokens": 7,
            "stop": ["\n"],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
            },
        }
    ]


async def test_nothing_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "from-outside")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-secret: from-outside")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    async with openai_peer([streamed("a")]) as peer:
        access = OpenAIAccess(key=KEY)
        for ref in ("openai:m", f"openai:m@{peer.url}"):
            model = open_model(ref, settings=settings(openai=peer.access() if ref == "openai:m" else access))
            assert (await model.answer(request())).text == "a"
            await model.close()
        assert [asked.headers.get("authorization") for asked in peer.asked] == [f"Bearer {KEY}", None]
        assert "from-outside" not in str([asked.headers for asked in peer.asked])
        assert peer.bodies[1]["model"] == "m"


async def test_another_server_gets_its_own_key_and_never_the_usual_one() -> None:
    async with openai_peer([streamed("a")]) as peer:
        access = OpenAIAccess(key=KEY, servers={peer.url: "other"}, listed_only=True)
        model = open_model(f"openai:mistral/m@{peer.url}/", settings=settings(openai=access))
        assert (await model.answer(request())).text == "a"
        await model.close()
        assert peer.asked[0].headers["authorization"] == "Bearer other"
        assert "KEY" not in repr(access)
        assert KEY not in repr(settings(openai=access))
        assert "other" not in repr(access)


def test_only_listed_servers_are_asked_where_that_is_the_rule() -> None:
    access = OpenAIAccess(key=KEY, servers={"https://api.mistral.ai/v1": "k"}, listed_only=True)
    assert open_model("openai:m@https://api.mistral.ai/v1", settings=settings(openai=access)).ref.endswith("ai/v1")
    with pytest.raises(InputError, match="Ask the operator to add it to FERRY_OPENAI_SERVERS"):
        open_model("openai:m@https://elsewhere.example/v1", settings=settings(openai=access))


@pytest.mark.parametrize("name", ["m@https://user:word@host/v1", "m@https://host/v1?x=1", "m@http://"])
def test_an_address_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"must be a model, or a model with an address"):
        open_model(f"openai:{name}", settings=settings())


@pytest.mark.parametrize(
    "said",
    [
        answered(None, "stop", tool_calls=CALLED),
        Said(
            headers=SSE,
            parts=[
                chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "grade", "arguments": ""}}]}),
                chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"sco'}}]}),
                chunk({"tool_calls": [{"index": 0, "function": {"arguments": 're": 4}'}}]}),
                chunk(finish="tool_calls"),
                DONE,
            ],
        ),
    ],
)
async def test_a_forced_tool_is_called_and_its_input_read(said: Said) -> None:
    asked = Request(
        sample_id="s1",
        system="",
        turns=(Turn(role="user", text="a"),),
        parameters=Parameters(),
        tool=Tool(name="grade", schema='{"type": "object"}'),
    )
    output, peer = await ask(said, asked=asked, stream=said.headers is SSE)
    assert (output.tool_calls, output.stop_reason, output.text) == (('{"input":{"score":4},"name":"grade"}',), "tool_use", "")
    assert peer.bodies[0]["tool_choice"] == {"type": "function", "function": {"name": "grade"}}
    assert peer.bodies[0]["tools"][0]["function"]["parameters"] == {"type": "object"}


@pytest.mark.parametrize(
    ("said", "text", "stop"),
    [
        (streamed("half", finish="length"), "half", "max_tokens"),
        (
            broken(chunk({"refusal": "I can't "}), chunk({"refusal": "help."}), chunk(finish="stop"), DONE),
            "I can't help.",
            "refusal",
        ),
        (answered(None, "stop", refusal="No."), "No.", "refusal"),
        (answered(None, "length"), "", "max_tokens"),
    ],
)
async def test_why_an_answer_ended_has_the_name_metrics_know(said: Said, text: str, stop: str) -> None:
    output, _ = await ask(said)
    assert (output.text, output.stop_reason, output.failure) == (text, stop, None)


@pytest.mark.parametrize("said", [streamed("a"), answered("a")])
async def test_one_connection_carries_one_call_after_another(said: Said) -> None:
    async with openai_peer([said]) as peer:
        model = open_model("openai:m", settings=settings(openai=peer.access(), stream=said.headers["x-request-id"] == "r-2"))
        assert [(await model.answer(request())).text for _ in range(5)] == ["a"] * 5
        await model.close()
    assert peer.connections == 1


async def test_a_server_that_does_not_end_its_stream_is_not_waited_for() -> None:
    output, _ = await ask(broken(chunk({"content": "a\u2028b\x85c"}), chunk(finish="stop"), DONE, end="hang"))
    assert output.text == "a\u2028b\x85c"
    assert output.latency_s is not None
    assert output.latency_s < READ_OUT_S


async def test_only_the_first_choice_is_the_answer() -> None:
    choices = [{"index": i, "message": {"content": text}, "finish_reason": "stop"} for i, text in enumerate("ab")]
    output, _ = await ask(plain(200, {"choices": choices}), stream=False)
    assert output.text == "a"


async def test_a_server_without_usage_or_streams_is_read_as_far_as_it_speaks() -> None:
    silent, _ = await ask(streamed("a", usage=False))
    whole, _ = await ask(answered("b"))
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "c"}]
    mistral, _ = await ask(plain(200, {"choices": [{"message": {"content": thinking}, "finish_reason": "stop"}]}), stream=False)
    reasoned, _ = await ask(broken(chunk({"reasoning_content": "hm"}), chunk({"content": "d"}), chunk(finish="stop"), DONE))
    assert [o.text for o in (silent, whole, mistral, reasoned)] == ["a", "b", "c", "d"]
    assert (silent.usage, whole.ttft_s, mistral.usage) == (None, None, None)


UNSUPPORTED = {"type": "invalid_request_error", "code": "unsupported_parameter"}
FUSSY = {
    "max_tokens": error(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        **{**UNSUPPORTED, "param": "max_tokens"},
    ),
    "temperature": error(
        400,
        "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
        **{**UNSUPPORTED, "code": "unsupported_value", "param": "temperature"},
    ),
    "stream_options": plain(
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]},
    ),
}


async def test_what_a_model_refuses_is_learned_once_and_costs_no_attempt() -> None:
    def reply(body: dict[str, Any]) -> Said:
        return next((said for name, said in FUSSY.items() if name in body), streamed("a"))

    async with openai_peer(reply) as peer:
        model = open_model(f"openai:o5@{peer.url}", settings=settings(openai=peer.access(), in_flight=3))
        first = await all_of(model, [request(temperature=0.0, max_tokens=9)] * 3)
        learned = len(peer.asked)
        last = await model.answer(request(temperature=0.0, max_tokens=9))
        await model.close()
    assert [(o.text, o.attempts) for o in (*first, last)] == [("a", 1)] * 4
    assert {each.kind for o in first for each in o.retried} == {"fixed"}
    assert {each.code for o in first for each in o.retried} <= {"max_tokens", "temperature", "stream_options"}
    assert last.retried == ()
    assert len(peer.asked) == learned + 1
    assert learned <= 12
    assert peer.bodies[-1].keys() == {"model", "messages", "max_completion_tokens", "stream"}


async def test_a_schema_that_is_too_loose_for_strict_is_sent_without_and_names_become_required() -> None:
    loose = error(400, "Invalid schema for response_format 'answer': 'additionalProperties' is required", param="response_format")
    named = error(400, "tool_choice: only 'auto', 'required' and 'none' are supported", type="invalid_request_error")
    tool = Request(
        sample_id="s",
        system="",
        turns=(Turn(role="user", text="a"),),
        parameters=Parameters(json_schema='{"type":"object"}'),
        tool=Tool(name="grade", schema="{}"),
    )
    output, peer = await ask(loose, named, answered("{}"), asked=tool, stream=False)
    assert output.text == "{}"
    assert peer.bodies[-1]["response_format"]["json_schema"]["strict"] is False
    assert peer.bodies[-1]["tool_choice"] == "required"


async def test_what_would_change_the_answer_is_not_left_out() -> None:
    refused = error(400, "Unsupported parameter: 'stop' is not supported with this model.", **{**UNSUPPORTED, "param": "stop"})
    output, peer = await ask(refused, asked=request(stop=("x",)))
    assert output.failure is not None
    assert (output.failure.kind, len(peer.asked)) == ("validation", 1)
    assert "'stop' is not supported" in output.failure.message


async def test_openai_itself_is_asked_by_the_newest_name() -> None:
    from pipeline.models.providers.openai_request import Dialect

    body = Dialect().body("m", request(max_tokens=5), stream=True)
    assert body["max_completion_tokens"] == 5
    assert json.dumps(body)
