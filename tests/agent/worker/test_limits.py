"""Two workers under one limit through Postgres, and what a worker tells the operator of its limits."""

import asyncio
from pathlib import Path

import pytest

from agent.worker.limits import SharedLedger, Teller, limiter
from bot.alive import at_work
from db import Store
from db.places import Places
from pipeline.models import ModelSettings
from pipeline.models.limits import Asked, Limiter, MemoryLedger, read_rules
from pipeline.models.limits.bucket import Bucket
from tests import stores
from tests.bench import limits as bench


@pytest.mark.alone
async def test_two_processes_admit_what_one_limit_allows_and_hardly_more_in_any_second() -> None:
    """The bench holds 98 % and 2 % on a machine of its own; here others may take the processor away."""
    async with stores.postgres_database() as url:
        shared = await bench.shared(url, 2.0)
    assert shared.share >= 0.5
    assert shared.worst <= 1.03
    assert shared.statements < 0.1


async def test_what_one_ledger_lent_no_other_lends_again(tmp_path: Path) -> None:
    async with stores.postgres_store(tmp_path) as store:
        one, other = (Bucket("k", 60 * 100, SharedLedger(store)) for _ in range(2))
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as group:
            for bucket in (one, other):
                for _ in range(40):
                    group.create_task(_take(bucket))
        assert loop.time() - began >= 0.75, "80 calls at 100 a second, less what a late wake-up may catch up"
        one.close()
        other.close()


async def _take(bucket: Bucket) -> None:
    await bucket.take(1)


async def test_what_is_in_force_is_told_when_it_changed_and_the_doctor_says_it(tmp_path: Path) -> None:
    async with stores.sqlite_store(tmp_path) as store:
        held = Limiter(rules=read_rules('{"bedrock:*": {"requests_per_minute": 70, "in_flight": 32}}'))
        gate, teller = held.gate("bedrock:amazon.nova-lite-v1:0", 64, None, "eu-west-1"), Teller(held, store, "a-1")
        (await gate.admit(Asked(characters=9))).settle(None)
        await teller()
        (told,) = await store.quotas.told()
        assert (told.requests_per_minute, told.in_flight, told.most, told.source) == (70, 20, 32, "FERRY_LIMITS")
        _, known = await at_work(Places(home=tmp_path))
    assert known[-1] == (
        "Limits of bedrock:amazon.nova-lite-v1:0 default eu-west-1 in a-1, 2026-01-05 09:00 UTC: 70 requests a minute "
        "(FERRY_LIMITS), 20 of at most 32 calls at once. Calls waited 0 s in all, 0 were throttled."
    )


async def test_lines_are_in_the_database_only_where_there_may_be_other_workers(sqlite_store: Store) -> None:
    rules = read_rules("")
    assert isinstance(limiter(ModelSettings(), rules, sqlite_store, shared=True).ledger, SharedLedger)
    assert isinstance(limiter(ModelSettings(), rules, sqlite_store, shared=False).ledger, MemoryLedger)
