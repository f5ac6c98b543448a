"""Whatever a library makes of a failure, the cell gets the judge's own error, and every paid call is on its tab."""

import asyncio
import contextlib
import json

import pytest
from pydantic import BaseModel

from pipeline.metrics.judge.port import JudgeError, Question, Tab
from pipeline.metrics.judged.inquiry import Inquiry, Rule, schema_of
from tests.pipeline.metrics.judged.scripted import bench


class Listed(BaseModel):
    items: list[str]


class Nested(BaseModel):
    parts: list[Listed]
    note: str | None = None


class Given:
    """A judge that gives or raises what it was made with, the first prompt first."""

    ref = "scripted:given"

    def __init__(self, *rulings: object) -> None:
        self.rulings, self.asked = list(rulings), list[Question]()

    async def ask(self, question: Question, tab: Tab) -> object:
        self.asked.append(question)
        ruling = self.rulings.pop(0)
        await asyncio.sleep(0.02 if question.prompt == "slow" else 0)
        tab.calls += 1
        if isinstance(ruling, Exception):
            raise ruling
        return ruling


def inquiry(judge: Given, tab: Tab | None = None, **rules: Rule) -> Inquiry:
    base = bench()
    return Inquiry(type(base)(judge=judge, embedder=base.embedder), tab or Tab(), rules)


async def test_a_ruling_comes_in_the_form_that_was_asked_for_and_is_kept() -> None:
    judge = Given({"items": ["a"]})
    async with inquiry(judge) as asking:
        assert await asking.ask("what?", Listed) == Listed(items=["a"])
    assert asking.rulings == [Listed(items=["a"])]
    assert (judge.asked[0].name, judge.asked[0].prompt) == ("Listed", "what?")


async def test_an_error_that_a_library_wraps_comes_out_as_it_was() -> None:
    async def library() -> None:
        async with inquiry(Given(JudgeError("context_overflow", "input is too long"))) as asking:
            try:
                await asking.ask("what?", Listed)
            except JudgeError as error:
                raise RuntimeError("the library's own words") from error

    with pytest.raises(JudgeError) as caught:
        await library()
    assert (caught.value.kind, caught.value.message) == ("context_overflow", "input is too long")


async def test_an_error_that_a_library_swallows_comes_out_too_and_nothing_more_is_paid_for() -> None:
    judge = Given(JudgeError("throttled", "later"), {"items": []})

    async def library() -> None:
        async with inquiry(judge) as asking:
            for _ in range(2):
                with contextlib.suppress(JudgeError):  # and the library would call it a perfect score
                    await asking.ask("what?", Listed)

    with pytest.raises(JudgeError, match="throttled"):
        await library()
    assert len(judge.asked) == 1


@pytest.mark.parametrize("bug", [TypeError("x"), AttributeError("x")])
async def test_a_bug_is_no_reason_to_ask_again_without_a_schema(bug: Exception) -> None:
    with pytest.raises(JudgeError) as caught:
        async with inquiry(Given(bug)) as asking:
            await asking.ask("what?", Listed)
    assert (caught.value.kind, caught.value.message) == ("failed", f"asking the judge raised {type(bug).__name__}")


async def test_what_a_library_raises_is_a_failed_cell_without_its_words() -> None:
    with pytest.raises(JudgeError) as caught:
        async with inquiry(Given()):
            raise ValueError("the customer's text")
    assert (caught.value.kind, caught.value.message) == ("failed", "the metric's library raised ValueError")


async def test_being_cancelled_stays_being_cancelled() -> None:
    async def work() -> None:
        async with inquiry(Given()):
            await asyncio.sleep(10)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_call_that_the_library_left_behind_is_waited_for_and_on_the_tab() -> None:
    tab, left = Tab(), list[asyncio.Task[Listed]]()

    async def library() -> None:
        async with inquiry(Given({"items": []}, JudgeError("guardrail", "no")), tab) as asking:
            left.append(asyncio.create_task(asking.ask("slow", Listed)))
            await asyncio.sleep(0)
            await asking.ask("what?", Listed)

    with pytest.raises(JudgeError, match="guardrail"):
        await library()
    assert (tab.calls, left[0].done()) == (2, True)


@pytest.mark.parametrize("ruling", [{"items": "a"}, {}, [], None])
async def test_a_ruling_of_the_wrong_kind_is_bad_json(ruling: object) -> None:
    with pytest.raises(JudgeError, match="bad_json: Listed has 1 values of the wrong kind"):
        async with inquiry(Given(ruling)) as asking:
            await asking.ask("what?", Listed)


async def test_a_rule_sees_what_was_ruled_before_and_the_judge_is_told_of_it() -> None:
    judge = Given({"items": ["a", "b"]}, {"parts": [{"items": []}]})

    async def library() -> None:
        async with inquiry(judge, Nested=lambda heard, ruling: f"{len(ruling['parts'])} for {len(heard)}") as asking:
            await asking.ask("items", Listed)
            await asking.ask("parts", Nested)

    with pytest.raises(JudgeError, match="verdict_mismatch: 1 for 1"):
        await library()
    assert judge.asked[0].mismatch is None
    assert judge.asked[1].mismatch is not None
    assert judge.asked[1].mismatch({"parts": [1, 2, 3]}) == "3 for 1"


def test_a_schema_has_no_room_for_more_and_is_always_the_same_text() -> None:
    schema = json.loads(schema_of(Nested))
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Listed"]["additionalProperties"] is False
    assert schema_of(Nested) == json.dumps(schema, sort_keys=True)
