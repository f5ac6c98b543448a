"""Three bots behind one Slack app and two workers, each with a data folder of its own: everything happens once, whoever dies.

Slack spreads its deliveries over the bots' connections, and every one is delivered five times, so to other bots as well.
"""

import asyncio
from pathlib import Path

import pytest

from tests.journey import checks
from tests.journey.nursery import Nursery
from tests.journey.script import write_script
from tests.journey.stage import BOT, WORKER, fault, open_stage
from tests.journey.story import Cast, signed, status
from tests.stores import CROWDED, postgres_database

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(CROWDED)]
EVERYBODY = (BOT, "bot-2", "bot-3", WORKER, "worker-2")
IN_FLIGHT, LONG_S = 4, 240.0


async def test_a_story_on_several_hosts_goes_on_when_two_of_them_die(tmp_path: Path, nursery: Nursery) -> None:
    script = write_script(tmp_path, latency_s=0.1, concurrency=IN_FLIGHT)
    async with (
        postgres_database() as url,
        open_stage(tmp_path / "home", "replicas", nursery, database_url=url) as stage,
    ):
        cast = Cast(workspace=stage.workspace, script=script)
        stage.start(*EVERYBODY)
        await stage.ready(*EVERYBODY)
        for kind in ("events_api", "interactive", "slash_commands"):
            await fault(stage.workspace, kind="redeliver", method=kind, times=None, again=4)
        await cast.play(lambda c: bool(c.says("Runs candidates:1")), LONG_S)
        await stage.kill("bot-2", "worker-2")
        await cast.play(lambda c: signed(c) and status(c, ": Signed, waiting for nobody"), LONG_S)
        await asyncio.sleep(1.0)
        await checks.check_all(stage, cast)
        async with checks.facts_of(stage) as store:
            needed = await checks.target_outputs(store, await checks.only_migration(store), script.ref)
        assert 0 <= script.calls() - needed <= 2 * IN_FLIGHT
        assert await stage.stop() == dict.fromkeys((BOT, "bot-3", WORKER), 0)
