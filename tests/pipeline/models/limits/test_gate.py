"""The gate before a provider that refuses what comes too fast: nothing fails, little is refused or left unused."""

import asyncio
import random

import pytest

from pipeline.models.failures import failure
from pipeline.models.limits import Asked, Gate, Limiter, admitted, read_rules
from pipeline.models.limits.window import Window
from pipeline.models.settings import ModelSettings
from pipeline.records import Output, Usage
from tests import virtual
from tests.pipeline.models.ask import request
from tests.pipeline.models.limits.server import Provider, hammered

REF = "bedrock:anthropic.claude-haiku-4-5-20251001-v1:0"
SETTINGS = ModelSettings(jitter=random.Random(1).random)
ASKED = Asked(characters=300, most_output=900)


def gate_of(rules: str, *, most: int = 64) -> Gate:
    return Limiter(rules=read_rules(rules)).gate(REF, most)


def pressed(provider: Provider, gate: Gate | None, *, workers: int = 64, seconds: float = 20.0) -> int:
    return virtual.run(hammered(provider, gate, request(), workers=workers, seconds=seconds, settings=SETTINGS))


def test_64_workers_before_50_requests_a_second_fail_nothing_and_use_what_is_allowed() -> None:
    provider = Provider(rate=50)
    failed = pressed(provider, gate_of('{"bedrock:*": {"requests_per_minute": 3000}}'))
    assert (failed, provider.refused) == (0, 0)
    assert provider.answered / 20 >= 0.9 * 50


def test_without_a_known_limit_throttles_alone_narrow_the_calls_at_once() -> None:
    provider, gate = Provider(rate=50), gate_of("", most=200)
    failed = pressed(provider, gate, workers=200, seconds=30.0)
    assert provider.answered / 30 >= 0.9 * 50
    assert failed <= 0.01 * provider.answered
    assert gate.in_force().in_flight <= 64, "80 after two rounds, then a cut each 15 seconds"
    assert gate.in_force().throttled == provider.refused
    blind = Provider(rate=50)
    pressed(blind, None, workers=200, seconds=30.0)
    assert provider.refused < blind.refused


def test_a_limit_named_too_high_is_corrected_by_throttles() -> None:
    provider, gate = Provider(rate=50), gate_of('{"bedrock:*": {"requests_per_minute": 6000}}')
    failed = pressed(provider, gate, seconds=60.0)
    assert failed == 0
    assert provider.answered / 60 >= 0.9 * 50
    assert provider.refused / (provider.answered + provider.refused) < 0.2
    assert gate.in_force().pace < 0.7


def test_tokens_are_reserved_with_the_longest_answer_and_corrected_by_what_was_used() -> None:
    async def story() -> tuple[float, float, float]:
        gate = gate_of('{"bedrock:*": {"tokens_per_minute": 60000}}')
        grant = await gate.admit(ASKED)
        reserved = grant.tokens
        grant.settle(Output(sample_id="s", text="x", usage=Usage(input_tokens=100, output_tokens=20)))
        assert gate.tokens is not None
        owed = -gate.tokens._back
        again = await gate.admit(ASKED)
        again.settle(Output(sample_id="s", text=None, failure=failure("throttled")))
        return reserved, owed, again.tokens

    reserved, owed, again = virtual.run(story())
    assert reserved == 300 / 3 + 900
    assert -owed == pytest.approx((1000 - (100 + 5 * 20)) / 1000), "this model's answers count five times"
    assert again == pytest.approx(300 * 100 / 300 + 900), "the ratio was learned"


def test_a_cancelled_wait_ends_at_once_and_leaves_the_room_to_others() -> None:
    async def story() -> tuple[float, int, float]:
        gate, loop = gate_of('{"bedrock:*": {"tokens_per_minute": 1000, "in_flight": 2}}'), asyncio.get_running_loop()
        (await gate.admit(ASKED)).settle(None)
        began = loop.time()
        waiting = [asyncio.create_task(gate.admit(ASKED)) for _ in range(5)]
        await asyncio.sleep(0.5)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        took, inside = loop.time() - began, gate.window.inside
        await gate.admit(ASKED)
        return took, inside, loop.time() - began

    took, inside, next_one = virtual.run(story())
    assert took == pytest.approx(0.5)
    assert inside == 0
    assert next_one == pytest.approx(60, abs=1), "five calls that were given up cost nothing"


def test_waiting_is_counted_and_is_no_part_of_an_attempt() -> None:
    async def story() -> tuple[float, list[float]]:
        gate, loop, took = gate_of('{"bedrock:*": {"requests_per_minute": 60}}'), asyncio.get_running_loop(), list[float]()

        async def attempt() -> Output:
            began = loop.time()
            await asyncio.sleep(0.1)
            took.append(loop.time() - began)
            return Output(sample_id="s", text="x")

        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(_awaited(admitted(gate, lambda: ASKED, attempt)()))
        return gate.in_force().waited_s, took

    waited, took = virtual.run(story())
    assert waited == pytest.approx(1 + 2, abs=0.1)
    assert took == pytest.approx([0.1] * 3)


async def _awaited(work: "asyncio.Future[Output] | object") -> None:
    await work  # type: ignore[misc]


def test_a_retry_is_admitted_anew() -> None:
    async def story() -> float:
        gate, calls, loop = gate_of('{"bedrock:*": {"requests_per_minute": 6}}'), 0, asyncio.get_running_loop()

        async def attempt() -> Output:
            nonlocal calls
            calls += 1
            return (
                Output(sample_id="s", text=None, failure=failure("transient")) if calls < 3 else Output(sample_id="s", text="x")
            )

        began = loop.time()
        through = admitted(gate, lambda: ASKED, attempt)
        while (await through()).failure is not None:
            pass
        return loop.time() - began

    assert virtual.run(story()) == pytest.approx(20, abs=0.5)


def test_a_window_doubles_until_the_first_throttle_then_cuts_once_in_15_seconds_and_grows_slowly() -> None:
    async def story() -> list[int]:
        window, limits = Window(100), [20]
        for _ in range(2):
            await full_round(window)
            limits.append(window.limit)
        window.throttled()
        window.throttled()
        limits.append(window.limit)
        await full_round(window)
        limits.append(window.limit)
        await asyncio.sleep(15)
        await full_round(window)
        limits.append(window.limit)
        return limits

    assert virtual.run(story()) == [20, 40, 80, 64, 64, 67]


async def full_round(window: Window) -> None:
    for _ in range(window.limit):
        await window.enter()
        window.called()
    for _ in range(window.inside):
        window.went_well()
        window.ended()
        window.leave()


def test_what_is_not_used_does_not_grow_and_ten_calls_are_always_allowed() -> None:
    async def story() -> tuple[int, int]:
        window = Window(100)
        for _ in range(200):
            await window.enter()
            window.called()
            window.went_well()
            window.ended()
            window.leave()
        unused = window.limit
        for _ in range(20):
            window.throttled()
            await asyncio.sleep(15)
        return unused, window.limit

    assert virtual.run(story()) == (20, 10)
