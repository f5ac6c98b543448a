"""Lines of limits in the database: moved as the pure function says, by the database's clock, and shared by all."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from db import Store
from db.records import LimitTold
from pipeline.models.limits.line import HORIZON_S, lend
from tests.stores import SteadyClock

TOLD = LimitTold(
    key="bedrock:a default eu-west-1", worker="w-1", ref="bedrock:a", requests_per_minute=70.0, tokens_per_minute=None,
    source="70% of the account's quota", in_flight=20, most=64, pace=1.0, waited_s=0.0, throttled=0,
    at=SteadyClock()(),
)  # fmt: skip


async def test_a_line_moves_as_the_pure_function_says(store: Store) -> None:
    line = 0.0
    for seconds, back in ((0.1, 0.0), (0.2, 0.05), (0.3, -0.1), (0.3, 0.0), (9.0, 0.0), (0.1, 0.0), (0.1, 0.2), (0.0, 8.0)):
        lent = await store.quotas.lease("k", seconds, back, HORIZON_S)
        expected, start = lend(line, lent.now, seconds, back)
        assert lent.line == pytest.approx(expected, abs=1e-5)
        assert (lent.start is None) == (start is None)
        assert lent.start == pytest.approx(start, abs=1e-5) if start is not None else True
        line = lent.line
    assert (await store.quotas.lease("other", 0.1, 0.0, HORIZON_S)).start is not None


async def test_what_many_are_lent_never_overlaps(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(store.quotas.lease("k", 0.02, 0.0, 60.0)) for _ in range(20)]
    lent = sorted((task.result().start or 0.0, task.result().line) for task in asked)
    assert all(end <= start + 1e-6 for (_, end), (start, _) in pairwise(lent))


async def test_only_the_end_of_the_line_can_be_handed_back(store: Store) -> None:
    first = await store.quotas.lease("k", 5.0, 0.0, 60.0)
    second = await store.quotas.lease("k", 5.0, 0.0, 60.0)
    await store.quotas.hand_back("k", 4.0, first.line)
    assert (await store.quotas.lease("k", 0.0, 0.0, 60.0)).line == second.line
    await store.quotas.hand_back("k", 4.0, second.line)
    assert (await store.quotas.lease("k", 0.0, 0.0, 60.0)).line == pytest.approx(second.line - 4.0)


async def test_what_a_worker_says_replaces_what_it_said_and_is_forgotten_after_an_hour(store: Store, clock: SteadyClock) -> None:
    await store.quotas.tell([TOLD])
    later = replace(TOLD, waited_s=12.5, in_flight=40, at=clock.pass_seconds(60))
    await store.quotas.tell([later, replace(later, worker="w-2", requests_per_minute=None)])
    assert [(each.worker, each.waited_s) for each in await store.quotas.told()] == [("w-1", 12.5), ("w-2", 12.5)]
    await store.quotas.tell([replace(TOLD, worker="w-3", at=clock.pass_seconds(3601))])
    assert [each.worker for each in await store.quotas.told()] == ["w-3"]
