"""The judge: what each reply becomes, what is asked again, what is paid for, and how many calls are open."""

import asyncio
from typing import Any

import pytest

from pipeline.metrics.judge.ladder import Rung
from pipeline.metrics.judge.port import KINDS, JudgeError, Tab
from pipeline.metrics.judge.rulings import MemoryRulings, Ruling
from pipeline.models import ScriptedModel
from pipeline.records import Output, Parameters, Request, Usage
from tests.pipeline.metrics.judge.judges import GOOD, VALUE, Replies, failed, judge_of, kind_of_ruling, question, says


def never(_value: Any) -> str | None:
    return "it needs exactly 2 verdicts"


CASES = [
    ("throttled", failed("throttled"), 0),
    ("transient", failed("transient"), 1),
    ("transient", failed("truncated_stream"), 1),
    ("timeout", failed("timeout"), 1),
    ("truncated", says('{"reason": "it', "max_tokens"), 1),
    ("truncated", says(GOOD, "length"), 1),
    ("bad_json", says("{'score': 7}"), 2),
    ("bad_json", says('{"reason": "x", "score": NaN}'), 2),
    ("bad_json", says('{"reason": "x", "score": 11}'), 2),
    ("bad_json", failed("malformed", usage=Usage(input_tokens=10, output_tokens=3)), 2),
    ("context_overflow", failed("context_overflow"), 1),
    ("context_overflow", says("", "model_context_window_exceeded"), 1),
    ("guardrail", failed("guardrail"), 1),
    ("guardrail", says("", "content_filtered"), 1),
    ("refusal", says("", "refusal"), 1),
    ("refusal", says("I'm sorry, but I cannot help with judging this."), 1),
    ("access", failed("access"), 0),
    ("access", failed("model_not_enabled"), 0),
    ("budget", failed("budget"), 0),
    ("failed", failed("validation", "no"), 0),
    ("failed", failed("unknown"), 1),
]


@pytest.mark.parametrize(("kind", "reply", "calls"), CASES)
async def test_what_is_no_ruling_is_an_error_of_its_kind_and_on_the_tab(kind: str, reply: Output, calls: int) -> None:
    found, tab = await kind_of_ruling(reply)
    assert (found, tab.calls) == (kind, calls)
    used = 0 if reply.usage is None else calls
    assert (tab.input_tokens, tab.output_tokens) == (10 * used, 3 * used)


async def test_a_ruling_that_does_not_fit_the_question_is_a_mismatch_and_never_cached() -> None:
    cache = MemoryRulings()
    judge, model = judge_of(Replies(GOOD), cache)
    with pytest.raises(JudgeError, match="exactly 2 verdicts, also when asked again") as caught:
        await judge.ask(question(mismatch=never), Tab())
    assert (caught.value.kind, model.calls, len(cache)) == ("verdict_mismatch", 2, 0)


def test_every_kind_is_reached_by_the_judge_or_by_a_metric() -> None:
    assert {kind for kind, *_ in CASES} | {"verdict_mismatch", "vacuous"} == set(KINDS)


async def test_a_broken_reply_is_asked_for_once_more_with_the_reason() -> None:
    replies = Replies('{"reason": "half', says(GOOD))
    judge, _ = judge_of(replies)
    tab = Tab()
    assert await judge.ask(question(), tab) == VALUE
    assert tab.calls == 2
    turns = replies.requests[1].turns
    assert [turn.role for turn in turns] == ["user", "assistant", "user"]
    assert "holds no JSON" in turns[2].text
    assert turns[1].text == '{"reason": "half'


async def test_the_request_is_cold_long_enough_and_has_the_schema() -> None:
    replies = Replies(GOOD)
    judge, _ = judge_of(replies)
    await judge.ask(question(system="Be exact."), Tab())
    (request,) = replies.requests
    assert request.system == "Be exact."
    assert request.parameters == Parameters(max_tokens=4096, temperature=0.0, json_schema=question().schema)


async def test_a_ruling_is_paid_for_once_and_a_cached_one_costs_nothing() -> None:
    judge, model = judge_of(Replies(GOOD))
    first, second = Tab(), Tab()
    assert await judge.ask(question(), first) == await judge.ask(question(), second) == VALUE
    assert (model.calls, first.calls, second.spent().calls, second.input_tokens) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    "change", [{"prompt": "Else?"}, {"system": "s"}, {"name": "other"}, {"schema": '{"type": "object"}'}], ids=str
)
async def test_another_question_is_another_ruling(change: dict[str, str]) -> None:
    judge, model = judge_of(Replies(GOOD))
    await judge.ask(question(), Tab())
    await judge.ask(question(**change), Tab())
    assert model.calls == 2


async def test_another_judge_or_length_is_another_ruling() -> None:
    cache = MemoryRulings()
    for more in ({"ref": "scripted:a"}, {"ref": "scripted:b"}, {"ref": "scripted:b", "max_tokens": 99}):
        judge, model = judge_of(Replies(GOOD), cache, **more)
        await judge.ask(question(), Tab())
        assert model.calls == 1
    assert len(cache) == 3


@pytest.mark.parametrize("text", ['{"score": 7}', "{", '{"reason": "", "score": NaN}'])
async def test_a_cached_ruling_that_does_not_fit_is_asked_for_again(text: str) -> None:
    cache = MemoryRulings()
    judge, model = judge_of(Replies(GOOD), cache)
    await cache.put(judge.key(question()), Ruling(judge=judge.ref, text=text))
    assert await judge.ask(question(), Tab()) == VALUE
    assert model.calls == 1


async def test_equal_questions_at_once_are_paid_for_once_whether_they_end_well_or_not() -> None:
    for reply, expected in ((says(GOOD), "ruled"), (failed("timeout"), "timeout")):
        judge, model = judge_of(Replies(reply), latency_s=0.01)
        tabs = [Tab() for _ in range(5)]
        seen: list[str] = []

        async def ask(tab: Tab, judge: Any = judge, seen: list[str] = seen) -> None:
            try:
                await judge.ask(question(), tab)
                seen.append("ruled")
            except JudgeError as error:
                seen.append(error.kind)

        async with asyncio.TaskGroup() as group:
            for tab in tabs:
                group.create_task(ask(tab))
        assert seen == [expected] * 5
        assert (model.calls, sum(tab.calls for tab in tabs)) == (1, 1)


async def test_when_the_one_who_asked_gives_up_the_next_one_asks() -> None:
    judge, model = judge_of(Replies(GOOD), latency_s=0.02)
    first, second = Tab(), Tab()
    leader = asyncio.create_task(judge.ask(question(), first))
    await asyncio.sleep(0)
    follower = asyncio.create_task(judge.ask(question(), second))
    await asyncio.sleep(0.005)
    leader.cancel()
    assert await follower == VALUE
    assert (model.calls, first.calls, second.calls) == (2, 1, 1)


async def test_no_more_calls_are_open_than_the_model_takes_and_waiting_is_off_the_clock() -> None:
    judge, model = judge_of(Replies(GOOD), concurrency=2, latency_s=0.03)

    async def cell(number: int) -> None:
        tab = Tab()
        async with asyncio.timeout(0.06) as tab.limit:  # half of what the queue takes
            await judge.ask(question(f"number {number}"), tab)

    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(cell(number))
    assert (model.calls, model.most_in_flight) == (8, 2)


async def test_a_slow_judge_is_still_on_the_clock() -> None:
    judge, _ = judge_of(Replies(GOOD), latency_s=5.0)
    tab = Tab()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02) as tab.limit:
            await judge.ask(question(), tab)
    assert tab.calls == 1


def refusing(*takes: str) -> Any:
    """A provider that refuses what it does not take: schema, tool, temperature."""

    def answer(request: Request) -> Output | str:
        if request.parameters.temperature is not None and "temperature" not in takes:
            return failed("validation", "`temperature` is deprecated for this model")
        if request.parameters.json_schema is not None and "schema" not in takes:
            return failed("validation", "This model doesn't support the outputConfig.textFormat field")
        if request.tool is not None and "tool" not in takes:
            return failed("validation", "This model doesn't support tool use")
        if request.tool is not None:
            called = '{"input":{"reason":"it fits","score":7},"name":"rating"}'
            return Output(sample_id="x", text="", stop_reason="tool_use", tool_calls=(called,))
        return says(f"Here is my ruling:\n```json\n{GOOD}\n```" if request.parameters.json_schema is None else GOOD)

    return answer


@pytest.mark.parametrize(
    ("takes", "calls", "rung"),
    [
        (("temperature", "schema"), 1, Rung.SCHEMA),
        (("temperature", "tool"), 2, Rung.TOOL),
        (("temperature",), 3, Rung.TEXT),
        ((), 4, Rung.TEXT),
        (("schema",), 2, Rung.SCHEMA),
    ],
)
async def test_the_ladder_goes_down_at_refusals_and_remembers(takes: tuple[str, ...], calls: int, rung: Rung) -> None:
    judge, model = judge_of(refusing(*takes))
    tab = Tab()
    assert await judge.ask(question(), tab) == VALUE
    assert (model.calls, tab.calls) == (calls, 1)
    assert await judge.ask(question("Next?"), tab) == VALUE
    assert (model.calls, tab.calls) == (calls + 1, 2)
    assert judge._way.rung is rung


async def test_what_goes_wrong_otherwise_teaches_nothing() -> None:
    replies = Replies(failed("validation", "prompt"), failed("throttled"), says(GOOD))
    judge, _ = judge_of(replies)
    with pytest.raises(JudgeError, match="throttled"):
        await judge.ask(question(), Tab())
    assert await judge.ask(question(), Tab()) == VALUE
    assert replies.requests[-1].parameters.json_schema is not None


async def test_the_last_rung_shows_the_schema_and_errors_hold_no_reply() -> None:
    replies = Replies(*[failed("validation", "no")] * 2, says("the secret answer"))
    judge, _ = judge_of(replies)
    with pytest.raises(JudgeError) as caught:
        await judge.ask(question(), Tab())
    assert question().schema in replies.requests[2].turns[0].text
    assert "secret" not in caught.value.message


async def test_the_judge_is_closed_by_whoever_opened_its_model() -> None:
    judge, model = judge_of(Replies(GOOD))
    assert isinstance(model, ScriptedModel)
    assert (judge.ref, model.closed) == ("scripted:judge", False)
