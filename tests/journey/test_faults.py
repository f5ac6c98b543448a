"""A story through everything Slack can do to an app: nothing is lost, nothing is said twice, people are told what to repair."""

import asyncio
from pathlib import Path

import pytest

from bot.workspace.people import GENERAL, OWNER, REQUESTER
from bot.workspace.server import Workspace
from tests.journey import checks
from tests.journey.nursery import Nursery
from tests.journey.script import write_script
from tests.journey.stage import BOT, WORKER, control, fault, open_stage
from tests.journey.story import Cast, direct, roots, signed, status

pytestmark = pytest.mark.slow
LONG_S = 120.0


async def test_a_story_survives_what_slack_does_to_it(tmp_path: Path, nursery: Nursery) -> None:
    async with open_stage(tmp_path / "home", "faults", nursery) as stage:
        stage.start(BOT, WORKER)
        await stage.ready(BOT, WORKER)
        cast = Cast(workspace=stage.workspace, script=write_script(tmp_path, latency_s=0.1))
        for method, times in (("chat.postMessage", 6), ("chat.update", 3)):
            await fault(stage.workspace, kind="rate_limit", method=method, times=times, seconds=1)
        for kind in ("events_api", "interactive", "slash_commands"):
            await fault(stage.workspace, kind="redeliver", method=kind, times=None, again=4)
        await _to_the_runs(cast)
        for method in ("chat.postMessage", "chat.update", "files.completeUploadExternal"):
            await fault(stage.workspace, kind="drop", method=method, times=2)
        await control(stage.workspace, "disconnect", reason="cut")
        cast.at_sign_off = ()
        await cast.play(lambda c: bool(c.cards("sign_off_approve")), LONG_S)
        await _delete_the_status_card(cast)
        await _archive_and_sign(cast)
        await checks.check_all(stage, cast)
        assert _struck(stage.workspace) >= {"rate_limit", "drop"}
        redelivered = [sent.envelope_id for sent in stage.workspace.log.sent]
        assert len(redelivered) >= 4 * len(set(redelivered)) / 2
        assert await stage.stop() == {BOT: 0, WORKER: 0}


async def _to_the_runs(cast: Cast) -> None:
    await cast.play(lambda c: bool(c.says("Runs candidates:1")), LONG_S)
    assert len(roots(cast)) == 1


async def _delete_the_status_card(cast: Cast) -> None:
    """The next change posts it anew, once; the old one leaves a tombstone at the head of its thread."""
    (old,) = roots(cast)
    await control(cast.workspace, "delete", channel=GENERAL, ts=old["ts"])
    await cast.person(REQUESTER).say("pause", thread_ts=old["ts"])
    await cast.play(lambda c: bool(c.cards("proposal_confirm")), LONG_S)
    await cast.person(REQUESTER).click(cast.cards("proposal_confirm")[0], "proposal_confirm")
    await cast.play(lambda c: status(c, ": Paused"), LONG_S)
    (new,) = roots(cast)
    assert new["ts"] != old["ts"]
    await cast.person(REQUESTER).click(new, "migration_resume")
    await cast.play(lambda c: status(c, ": Sign-off"), LONG_S)


async def _archive_and_sign(cast: Cast) -> None:
    """Nothing can be posted while the channel is archived: the requester is told so, and gets the rest once it is back."""
    (card,) = cast.cards("sign_off_approve")
    await control(cast.workspace, "channel", channel=GENERAL, archived=True)
    await cast.person(OWNER).click(card, "sign_off_approve")
    await cast.play(lambda c: any("is archived" in m["text"] for _, m in direct(c.seen[REQUESTER])), LONG_S)
    assert cast.says("Report of") == []
    await asyncio.sleep(1.0)
    await control(cast.workspace, "channel", channel=GENERAL, archived=False)
    await cast.play(lambda c: signed(c) and status(c, ": Signed, waiting for nobody"), LONG_S)
    assert len([m for _, m in direct(cast.seen[REQUESTER]) if "is archived" in m["text"]]) == 1


def _struck(workspace: Workspace) -> set[str]:
    return {call.fault for call in workspace.log.calls if call.fault}
