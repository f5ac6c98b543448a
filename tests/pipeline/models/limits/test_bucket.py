"""A bucket on a clock that jumps: pace, order, cancellation, refunds, throttles, and a ledger that is away."""

import asyncio
from collections.abc import Sequence

import pytest

from pipeline.errors import PermanentError, TemporaryError
from pipeline.models.limits import MemoryLedger
from pipeline.models.limits.bucket import Bucket
from pipeline.models.limits.line import Lease
from tests import virtual


def clock() -> float:
    return asyncio.get_running_loop().time()


async def taken(bucket: Bucket, amounts: Sequence[float]) -> list[float]:
    """When each call began, counted from now; all are asked for at once."""
    began, at = clock(), dict[int, float]()

    async def one(place: int, amount: float) -> None:
        await bucket.take(amount)
        at[place] = clock() - began

    async with asyncio.TaskGroup() as group:
        for place, amount in enumerate(amounts):
            group.create_task(one(place, amount))
    return [at[place] for place in range(len(amounts))]


def of_rate(per_second: float, ledger: MemoryLedger | None = None) -> Bucket:
    return Bucket("k", per_second * 60, ledger or MemoryLedger())


def test_calls_begin_in_order_at_the_rate_and_no_faster() -> None:
    at = virtual.run(taken(of_rate(50), [1.0] * 500))
    assert at == sorted(at)
    assert 9.9 < at[-1] < 10.0
    assert max(sum(since <= t < since + 1 for t in at) for since in at) <= 51


def test_two_processes_share_one_line() -> None:
    async def both() -> list[float]:
        ledger = MemoryLedger()
        async with asyncio.TaskGroup() as group:
            ones = [group.create_task(taken(of_rate(600, ledger), [1.0] * 1500)) for _ in range(2)]
        return sorted(at for one in ones for at in one.result())

    at = virtual.run(both())
    assert at[-1] < 5.1
    assert max(sum(since <= t < since + 1 for t in at) for since in at[::50]) <= 612


def test_a_request_larger_than_a_minute_passes_alone() -> None:
    at = virtual.run(taken(of_rate(10), [1000.0, 1.0]))
    assert at[0] < 0.01
    assert at[1] == pytest.approx(100.0, abs=0.1)


def test_what_was_not_used_is_there_for_the_next() -> None:
    async def story() -> float:
        bucket, began = of_rate(10), clock()
        booked = await bucket.take(1000)
        bucket.give(booked * 0.99)
        await bucket.take(1)
        return clock() - began

    assert virtual.run(story()) == pytest.approx(1.0, abs=0.3)


def test_a_call_that_is_not_waited_for_any_more_takes_nothing_and_ends_at_once() -> None:
    async def story() -> tuple[float, float]:
        bucket, began = of_rate(1), clock()
        await bucket.take(10)
        waiting = asyncio.create_task(bucket.take(3600))
        other = asyncio.create_task(bucket.take(1))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.wait([waiting])
        cancelled = clock() - began
        await other
        return cancelled, clock() - began

    cancelled, other = virtual.run(story())
    assert cancelled == pytest.approx(0.1, abs=0.01)
    assert other == pytest.approx(10.0, abs=0.6)


def test_what_is_left_of_a_block_goes_back_when_nothing_waits() -> None:
    async def story() -> float:
        ledger = MemoryLedger()
        one, other = of_rate(4, ledger), of_rate(4, ledger)
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(one.take(1))
        await asyncio.sleep(1.0)
        began = clock()
        await other.take(1)
        return clock() - began

    assert virtual.run(story()) < 0.3


def test_a_throttle_slows_the_pace_once_in_two_seconds_and_it_comes_back() -> None:
    async def story() -> list[float]:
        bucket, paces = of_rate(100), []
        for wait in (0.0, 1.0, 1.0):
            await asyncio.sleep(wait)
            bucket.throttled()
            paces.append(bucket.pace)
        for _ in range(20):
            await asyncio.sleep(15.0)
            bucket.went_well()
            paces.append(bucket.pace)
        return paces

    paces = virtual.run(story())
    assert paces[:3] == pytest.approx([0.8, 0.8, 0.64])
    assert paces[3] == pytest.approx(0.64 * 1.05)
    assert paces[-1] == 1.0


def test_a_loop_that_is_slow_at_every_step_still_begins_every_call() -> None:
    class Slow(MemoryLedger):
        async def lease(self, key: str, seconds: float, back: float) -> Lease:
            lease = await super().lease(key, seconds, back)
            await asyncio.sleep(0.05)
            return lease

    at = virtual.run(taken(of_rate(100_000, Slow()), [1.0] * 20))
    assert at[-1] < 2.0


class Away(MemoryLedger):
    """A ledger that cannot be reached for a while, or for good."""

    def __init__(self, error: TemporaryError | PermanentError, times: int) -> None:
        super().__init__()
        self.error, self.times = error, times

    async def lease(self, key: str, seconds: float, back: float) -> Lease:
        self.times -= 1
        if self.times >= 0:
            raise self.error
        return await super().lease(key, seconds, back)


def test_calls_wait_while_the_ledger_is_away() -> None:
    at = virtual.run(taken(of_rate(100, Away(TemporaryError("away"), 4)), [1.0, 1.0]))
    assert at[0] == pytest.approx(2.0, abs=0.01)


def test_a_ledger_that_fails_for_good_fails_the_calls_and_leaves_none_waiting() -> None:
    async def story() -> list[BaseException | None]:
        bucket = of_rate(100, Away(PermanentError("broken"), 1000))
        calls = [asyncio.create_task(bucket.take(1)) for _ in range(3)]
        await asyncio.wait(calls)
        return [call.exception() for call in calls]

    assert [str(error) for error in virtual.run(story())] == ["broken"] * 3
