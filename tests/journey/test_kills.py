"""SIGKILL at random moments of the whole story. What was decided, answered, run, signed or told stands, and stands once.

Each seed chooses beforehand after how many calls of Slack's Web API, and how much later, whom it kills: so the moments are spread
over the story however long it takes. At least fifty kills over five seeds; each story has to end as if nothing had happened.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.workspace.state import sleep_until_changed
from tests.journey import checks
from tests.journey.nursery import Nursery
from tests.journey.script import write_judge, write_script
from tests.journey.stage import BOT, LOGS, WORKER, Stage, open_stage
from tests.journey.story import Cast, signed, status
from tests.stores import CROWDED, postgres_database

pytestmark = pytest.mark.slow
SEEDS, MOMENTS = 5, 10
CALLS, JUDGED_CALLS = 75, 90
"""Calls of the Web API in an undisturbed story, about; kills are spread over these. A judged one has two more plans."""
IN_FLIGHT, LATENCY_S = 4, 0.1
"""The target's calls at once: what one kill of the worker can cost, because a call keeps its place until it is committed."""
LONGEST_S = 240.0


@dataclass(slots=True, kw_only=True)
class Killer:
    """Kills `victims` once the workspace has seen `after` calls and `later` seconds passed, or when nothing moves for a while."""

    stage: Stage
    moments: list[tuple[int, float, tuple[str, ...]]]
    done: list[tuple[str, ...]] = field(default_factory=list)

    async def work(self) -> None:
        for after, later, victims in self.moments:
            await self._wait_for(after)
            await asyncio.sleep(later)
            await self.stage.restart(*victims)
            self.done.append(victims)

    async def _wait_for(self, after: int) -> None:
        workspace, until = self.stage.workspace, time.monotonic() + 5.0
        while len(workspace.log.calls) < after and time.monotonic() < until:
            await sleep_until_changed(workspace.state, workspace.state.changes.revision, 0.05)

    @property
    def kills(self) -> int:
        return sum(len(victims) for victims in self.done)


def moments(seed: int, count: int, calls: int = CALLS) -> list[tuple[int, float, tuple[str, ...]]]:
    chance = random.Random(seed)
    whom = ((BOT,), (WORKER,), (BOT,), (WORKER,), (BOT, WORKER))
    return [(after, chance.uniform(0, 0.3), chance.choice(whom)) for after in sorted(chance.sample(range(1, calls), count))]


@asynccontextmanager
async def disturbed(
    home: Path,
    name: str,
    nursery: Nursery,
    planned: list[tuple[int, float, tuple[str, ...]]],
    url: str | None = None,
    judge: str = "",
) -> AsyncIterator[tuple[Stage, Cast, Killer]]:
    """A story told under fire, up to its end; with a `judge` that scores what the target answers."""
    script = write_script(home, latency_s=LATENCY_S, concurrency=IN_FLIGHT)
    async with open_stage(home / "home", name, nursery, database_url=url) as stage:
        cast, killer = Cast(workspace=stage.workspace, script=script, judge_ref=judge), Killer(stage=stage, moments=planned)
        stage.start(BOT, WORKER)
        await stage.ready(BOT, WORKER)
        killing = asyncio.create_task(killer.work())
        try:
            await cast.play(lambda c: killing.done() and signed(c) and status(c, ": Signed, waiting for nobody"), LONGEST_S)
        finally:
            killing.cancel()
            await asyncio.wait([killing])
        yield stage, cast, killer
        await stage.kill(*stage.running)


def test_enough_is_killed_to_mean_something() -> None:
    planned = [victims for seed in range(SEEDS) for _, _, victims in moments(seed, MOMENTS)]
    assert sum(map(len, planned)) >= 50
    assert {(BOT,), (WORKER,), (BOT, WORKER)} <= set(planned)


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_a_story_survives_being_killed(seed: int, tmp_path: Path, nursery: Nursery) -> None:
    began = time.perf_counter()
    async with disturbed(tmp_path, f"kills-{seed}", nursery, moments(seed, MOMENTS)) as (stage, cast, killer):
        assert len(killer.done) == MOMENTS
        await _check(stage, cast, killer)
        _note(f"kills-{seed}", stage, cast, killer, time.perf_counter() - began)


@pytest.mark.xdist_group(CROWDED)
async def test_a_story_on_postgres_survives_being_killed(tmp_path: Path, nursery: Nursery) -> None:
    async with (
        postgres_database() as url,
        disturbed(tmp_path, "kills-postgres", nursery, moments(100, 4), url) as (stage, cast, killer),
    ):
        assert len(killer.done) == 4
        await _check(stage, cast, killer)


async def test_a_judged_story_survives_being_killed(tmp_path: Path, nursery: Nursery) -> None:
    """No cell lost or doubled, and no ruling paid for twice but those in flight at a kill of the worker."""
    judge, began = write_judge(tmp_path, latency_s=LATENCY_S, concurrency=IN_FLIGHT), time.perf_counter()
    planned = moments(1000, MOMENTS, JUDGED_CALLS)
    async with disturbed(tmp_path, "kills-judged", nursery, planned, judge=judge.ref) as (stage, cast, killer):
        assert len(killer.done) == MOMENTS
        await _check(stage, cast, killer, first=3)
        async with checks.facts_of(stage) as store:
            await checks.check_judged(store, await checks.only_migration(store), "rubric:tone")
        asked = judge.logged()
        assert asked
        assert len(asked) - len(set(asked)) <= IN_FLIGHT * _deaths(killer)
        _note("kills-judged", stage, cast, killer, time.perf_counter() - began)


def _deaths(killer: Killer) -> int:
    return sum(WORKER in victims for victims in killer.done)


async def _check(stage: Stage, cast: Cast, killer: Killer, *, first: int = 1) -> None:
    await _quiet(stage)
    await checks.check_all(stage, cast, first=first)
    async with checks.facts_of(stage) as store:
        migration = await checks.only_migration(store)
        needed = await checks.target_outputs(store, migration, cast.script.ref)
    repeated = cast.script.calls() - needed
    assert 0 <= repeated <= 2 * IN_FLIGHT * _deaths(killer)


async def _quiet(stage: Stage) -> None:
    """The last edits are made once the processes were asked to end; a second start finds nothing left to do."""
    stage.start(*(name for name in (BOT, WORKER) if name not in stage.running))
    revision, since = -1, time.monotonic()
    while time.monotonic() - since < 2.0:
        if stage.workspace.state.changes.revision != revision:
            revision, since = stage.workspace.state.changes.revision, time.monotonic()
        await asyncio.sleep(0.1)


def _note(name: str, stage: Stage, cast: Cast, killer: Killer, seconds: float) -> None:
    """Figures for whoever reads the logs."""
    told = {
        "kills": killer.kills,
        "seconds": round(seconds, 1),
        "unanswered": cast.unanswered,
        "calls": cast.script.calls(),
        "api_calls": len(stage.workspace.log.calls),
        "started_s": {name: stage.start_seconds(name) for name in (BOT, WORKER)},
    }
    (LOGS / name / "figures.json").write_text(json.dumps(told), encoding="utf-8")
