"""Plans and reports by number: the first one given stands; a report is found by its hash."""

from dataclasses import replace

import pytest

from db import Store
from db.records import Estimate, Migration, Plan, StoredReport
from pipeline.errors import RefusedError
from pipeline.records import Criteria, MetricChoice
from tests.db.facts import opened


def plan(migration: Migration, number: int = 1, margin: float = 0.05) -> Plan:
    metrics = (MetricChoice(metric="exact_match", primary=True, margin=margin), MetricChoice(metric="chrf", reason="wording"))
    return Plan(
        migration_id=migration.id, number=number, criteria=Criteria(metrics=metrics), source="recorded:today",
        targets=("local:a",), review_pairs=6,
        estimates=(Estimate(stage="baseline", calls=3, seconds=1.5, usd=None, note="free"),),
    )  # fmt: skip


async def test_the_first_plan_of_a_number_stands(store: Store) -> None:
    migration = await opened(store)
    first, second = plan(migration), plan(migration, 2, 0.1)
    assert await store.plans.add(first) == first
    assert await store.plans.add(plan(migration, 1, 0.2)) == first
    assert await store.plans.latest(migration.id) == first
    await store.plans.add(second)
    assert await store.plans.latest(migration.id) == second
    found = await store.plans.get(migration.id, 1)
    assert (found, found.hash, found.criteria.hash) == (first, first.hash, first.criteria.hash)


async def test_a_missing_plan_is_refused(sqlite_store: Store) -> None:
    migration = await opened(sqlite_store)
    assert await sqlite_store.plans.latest(migration.id) is None
    with pytest.raises(RefusedError, match="no plan 3"):
        await sqlite_store.plans.get(migration.id, 3)


async def test_a_report_is_kept_once_and_found_by_hash(store: Store) -> None:
    migration = await opened(store)
    first = StoredReport(
        migration_id=migration.id, number=1, hash="h1", json='{"é":"' + "x" * 9999 + '"}', files=("a.html", "a.xlsx")
    )
    second = replace(first, number=2, hash="h2", files=())
    assert await store.reports.latest(migration.id) is None
    assert await store.reports.add(first) == first
    assert await store.reports.add(replace(first, hash="other")) == first
    assert await store.reports.add(second) == second
    assert await store.reports.get("h1") == first
    assert await store.reports.latest(migration.id) == second
    assert await store.reports.sign_off(migration.id) is None
    with pytest.raises(RefusedError, match="/migrate report"):
        await store.reports.get("other")
