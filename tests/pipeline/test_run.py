"""The runner: bounded, lazy, cancellable, resumable; nothing is lost and nothing is asked twice."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.models import ScriptedModel
from pipeline.models.failures import failure
from pipeline.records import Output, PromptVersion, Request, Sample
from pipeline.run import answer

PROMPT = PromptVersion(user="Q: {question}")


def samples(number: int) -> tuple[Sample, ...]:
    return tuple(Sample(id=f"s{i}", variables={"question": f"number {i}"}) for i in range(number))


def others() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {t for t in [asyncio.current_task()] if t}


async def test_each_sample_is_asked_once_with_its_rendered_prompt() -> None:
    seen: list[str] = []

    def echo(request: Request) -> str:
        seen.append(request.turns[0].text)
        return request.sample_id

    outputs = [o async for o in answer(ScriptedModel(echo), PROMPT, samples(20))]
    assert sorted(o.text or "" for o in outputs) == sorted(s.id for s in samples(20))
    assert sorted(seen) == sorted(f"Q: number {i}" for i in range(20))


async def test_outputs_come_in_the_order_they_complete() -> None:
    class Backwards(ScriptedModel):
        async def answer(self, request: Request) -> Output:
            await asyncio.sleep(0.15 - 0.05 * int(request.sample_id[1:]))
            return await super().answer(request)

    assert [o.sample_id async for o in answer(Backwards({}, default="x"), PROMPT, samples(3))] == ["s2", "s1", "s0"]


@given(number=st.integers(0, 30), width=st.integers(1, 8), skip=st.sets(st.integers(0, 35)))
@settings(max_examples=40)
def test_whatever_is_not_skipped_is_answered_within_the_bound(number: int, width: int, skip: set[int]) -> None:
    model = ScriptedModel({}, default="x")
    skipped = {f"s{i}" for i in skip}

    async def run() -> list[str]:
        return [o.sample_id async for o in answer(model, PROMPT, samples(number), skip=skipped, in_flight=width)]

    found = asyncio.run(run())
    assert sorted(found) == sorted({s.id for s in samples(number)} - skipped)
    assert model.calls == len(found)
    assert model.most_in_flight <= width


async def test_the_models_own_concurrency_is_the_default_and_is_used() -> None:
    model = ScriptedModel({}, default="x", latency_s=0.01, concurrency=5)
    async for _ in answer(model, PROMPT, samples(20)):
        pass
    assert model.most_in_flight == 5


async def test_closing_cancels_what_is_in_flight_and_leaves_no_task() -> None:
    model = ScriptedModel({}, default="x", latency_s=0.02, concurrency=4)
    async with aclosing(answer(model, PROMPT, samples(100))) as outputs:
        async for _ in outputs:
            break
    assert model.in_flight == 0
    assert model.calls < 20
    assert others() == set()


async def test_cancelling_the_reader_cancels_the_calls() -> None:
    model = ScriptedModel({}, default="x", latency_s=60)

    async def read() -> None:
        async for _ in answer(model, PROMPT, samples(10)):
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    assert model.in_flight == 8
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (model.in_flight, others()) == (0, set())


async def test_a_slow_reader_holds_the_runner_back() -> None:
    taken = 0

    def endless() -> Iterator[Sample]:
        nonlocal taken
        while True:
            taken += 1
            yield Sample(id=f"s{taken}", variables={"question": "x"})

    async with aclosing(answer(ScriptedModel({}, default="x"), PROMPT, endless(), in_flight=3)) as outputs:
        async for _ in outputs:
            await asyncio.sleep(0.02)
            if taken > 6:
                break
    assert taken <= 8


async def test_a_failed_call_is_an_output_like_any_other() -> None:
    model = ScriptedModel(lambda r: Output(sample_id=r.sample_id, text=None, failure=failure("throttled")))
    outputs = [o async for o in answer(model, PROMPT, samples(3))]
    assert [o.failure and o.failure.kind for o in outputs] == ["throttled"] * 3


async def test_a_missing_variable_is_said_before_any_call() -> None:
    model = ScriptedModel({}, default="x")
    incomplete = (*samples(5), Sample(id="s9", variables={"query": "x"}))
    with pytest.raises(InputError, match="question"):
        _ = [o async for o in answer(model, PROMPT, incomplete)]
    assert model.calls == 0


async def test_in_a_stream_of_samples_a_missing_variable_comes_after_what_was_answered() -> None:
    incomplete = iter((*samples(5), Sample(id="s9", variables={"query": "x"})))
    outputs = answer(ScriptedModel({}, default="x"), PROMPT, incomplete, in_flight=1)
    assert [(await anext(outputs)).sample_id for _ in range(5)] == [s.id for s in samples(5)]
    with pytest.raises(InputError, match="question"):
        await anext(outputs)


async def test_a_bug_in_a_model_is_raised_as_it_is() -> None:
    def broken(request: Request) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _ = [o async for o in answer(ScriptedModel(broken), PROMPT, samples(3))]
    assert others() == set()
