"""Whole stories over Slack's wire, undisturbed: everything a person would see on the way, and what is left at the end."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.workspace.people import GENERAL, OWNER, REQUESTER, SME_1, SME_2
from db.records import MigrationStatus
from pipeline.report.storage import loads
from tests.journey import checks
from tests.journey.nursery import Nursery
from tests.journey.script import write_script
from tests.journey.stage import BOT, WORKER, Fresh, Stage, Starter, open_stage
from tests.journey.story import Cast, button_of, direct, roots, signed, status

pytestmark = pytest.mark.slow
LONG_S = 120.0
TARGETS_DONE = re.compile(r"Runs targets:1: (\d+) of \1 outputs")


@asynccontextmanager
async def opened(
    home: Path, name: str, starter: Starter, *, http: bool = False, latency_s: float = 0.02
) -> AsyncIterator[tuple[Stage, Cast]]:
    """A stage with everything running; it ends as an operator ends it, and both processes obey."""
    async with open_stage(home / "home", name, starter, http=http) as stage:
        stage.start(BOT, WORKER)
        await stage.ready(BOT, WORKER)
        yield stage, Cast(workspace=stage.workspace, script=write_script(home, latency_s=latency_s))
        assert await stage.stop() == {BOT: 0, WORKER: 0}


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_from_migrate_to_the_first_digest(http: bool, tmp_path: Path, nursery: Nursery) -> None:
    starter = nursery if http else Fresh()
    async with opened(tmp_path, "http" if http else "socket", starter, http=http) as (stage, cast):
        await _to_the_plan(cast)
        await _to_the_review(cast)
        await _to_the_sign_off(cast)
        await _to_the_end(stage, cast)
        await checks.check_all(stage, cast)
        async with checks.facts_of(stage) as store:
            migration = await checks.only_migration(store)
            assert cast.script.calls() == await checks.target_outputs(store, migration, cast.script.ref)
        _check_progress(stage)
        assert cast.unanswered == 0
        await _start_again(stage)


async def _start_again(stage: Stage) -> None:
    """Both start on what is there, the monitor's clock is wound, and nothing is said again."""
    before = checks.posted_keys(stage.workspace)
    assert await stage.stop() == {BOT: 0, WORKER: 0}
    stage.start(BOT, WORKER)
    await stage.ready(BOT, WORKER)
    assert checks.posted_keys(stage.workspace) == before
    assert stage.complaints() == []


async def _to_the_plan(cast: Cast) -> None:
    cast.approves_plans = False
    await cast.play(lambda c: status(c, f": Plan, waiting for <@{REQUESTER}>") and bool(c.cards("plan_approve")), LONG_S)
    (root,) = roots(cast)
    general = next(each for each in cast.seen[SME_1]["channels"] if each["id"] == GENERAL)
    assert general["pins"] == [root["ts"]]
    (findings,) = cast.says("40 samples, ")
    assert "16 dev" in str(findings["blocks"])
    assert "24 test" in str(findings["blocks"])
    (plan,) = cast.cards("plan_approve")
    for words in ("normalised_match", "decides, margin 0.05", "Estimate", "6 blind pairs", "locks these criteria"):
        assert words in str(plan["blocks"])
    assert {message.get("thread_ts") for message in (findings, plan)} == {root["ts"]}


async def _to_the_review(cast: Cast) -> None:
    cast.approves_plans, cast.judges = True, False
    await cast.play(lambda c: status(c, f": Review by SMEs, waiting for <@{SME_1}>, <@{SME_2}>"), LONG_S)
    assert f"*Approved* by <@{REQUESTER}>" in str(cast.says("Plan 1 for")[0]["blocks"])
    assert cast.cards("plan_approve") == []
    (prompts,) = cast.says("prompt candidate(s)")
    assert ":trophy:" in str(prompts["blocks"])
    assert "as is" in str(prompts["blocks"])
    assert cast.says("Runs baseline: 40 of 40 outputs")
    await cast.play(lambda c: any(TARGETS_DONE.search(message["text"]) for message in c.says("Runs targets:1")), LONG_S)
    assert cast.says("Comparison of") == []


async def _to_the_sign_off(cast: Cast) -> None:
    cast.judges, cast.at_sign_off = True, ()
    await cast.play(lambda c: status(c, f": Sign-off, waiting for <@{OWNER}>") and bool(c.cards("sign_off_approve")), LONG_S)
    for sme in (SME_1, SME_2):
        (card,) = [message for _, message in direct(cast.seen[sme])]
        assert "You judged 6 of 6 pairs" in str(card["blocks"])
        assert cast.script.ref not in str(card)
    (table,) = cast.says("Comparison of")
    cells = [[cell["text"] for cell in line] for block in table["blocks"] if block["type"] == "table" for line in block["rows"]]
    assert len(cells) >= 3
    assert any("better" in cell for line in cells for cell in line)
    assert "is better than the source" in table["text"]


async def _to_the_end(stage: Stage, cast: Cast) -> None:
    cast.at_sign_off = ("sign_off_approve",)
    await cast.play(lambda c: signed(c) and status(c, ": Signed, waiting for nobody"), LONG_S)
    assert f"*Approved* by <@{OWNER}>" in str(cast.says("Sign-off of")[0]["blocks"])
    (shared,) = cast.says("Report of")
    files = {file["name"]: await cast.person(OWNER).download(file) for file in shared["files"]}
    assert all(files.values())
    async with checks.facts_of(stage) as store:
        migration = await checks.only_migration(store)
        sign_off = await store.reports.sign_off(migration.id)
    assert sign_off
    assert loads(files["report.json"].decode()).hash == sign_off.report_hash
    assert f"`{sign_off.report_hash[:16]}`" in shared["text"]
    assert "Nothing changed: 24 of 24" in cast.says("Digest of")[0]["text"]


def _check_progress(stage: Stage) -> None:
    """Progress only grows, and is edited in place."""
    texts = [str(call.args.get("text", "")) for call in stage.workspace.log.calls if call.method.startswith("chat.") and call.ok]
    shown = [int(text.split(": ")[1].split(" of ")[0]) for text in texts if text.startswith("Runs candidates:1: ")]
    assert shown == sorted(shown)
    assert len(shown) > 1


async def test_free_text_is_answered_or_proposed_and_only_a_click_decides(tmp_path: Path, nursery: Nursery) -> None:
    async with opened(tmp_path, "talk", nursery, latency_s=0.15) as (stage, cast):
        cast.approves_plans = False
        await cast.play(lambda c: bool(c.cards("plan_approve")), LONG_S)
        await _ask(cast, "status", "Plan, asked")
        await _ask(cast, "why?", "There is no verdict yet")
        await cast.person(REQUESTER).say("lunch at noon?", thread_ts=roots(cast)[0]["ts"])
        await _propose(cast, "please change the margin to 0.2", "Set the margin to 0.2")
        await cast.play(lambda c: bool(c.says("Plan 2 for")) and len(c.cards("plan_approve")) == 1, LONG_S)
        assert "decides, margin 0.2)" in str(cast.cards("plan_approve")[0]["blocks"])
        assert "*Change asked*" in str(cast.says("Plan 1 for")[0]["blocks"])
        assert "lunch" not in str([message for message in cast.thread() if message.get("bot_id")])
        await _pause_and_go_on(cast)
        await _propose(cast, "cancel", "Cancel this migration?")
        await cast.play(lambda c: status(c, ": Cancelled, waiting for nobody"), LONG_S)
        checks.check_wire(stage.workspace)
        checks.check_nobody_was_puzzled(stage, cast)


async def _ask(cast: Cast, text: str, answer: str) -> None:
    root = roots(cast)[0]["ts"]
    await cast.person(REQUESTER).say(text, thread_ts=root)
    await cast.play(lambda c: any(m.get("thread_ts") == root for m in c.says(answer)), LONG_S)


async def _propose(cast: Cast, text: str, proposal: str) -> None:
    """Somebody else's words propose just as well; the requester's click decides."""
    await cast.person(SME_1).say(text, thread_ts=roots(cast)[0]["ts"])
    await cast.play(lambda c: any(proposal in m["text"] for m in c.cards("proposal_confirm")), LONG_S)
    (card,) = [m for m in cast.cards("proposal_confirm") if proposal in m["text"]]
    await cast.person(REQUESTER).click(card, "proposal_confirm")
    await cast.play(lambda c: any(m["ts"] == card["ts"] and not button_of(m, "proposal_confirm") for m in c.thread()), LONG_S)


async def _pause_and_go_on(cast: Cast) -> None:
    """While it rests no call is made; afterwards every output is there."""
    cast.approves_plans = True
    await cast.play(lambda c: bool(c.says("Runs candidates:2")), LONG_S)
    await _propose(cast, "pause", "Pause this migration?")
    await cast.play(lambda c: status(c, ": Paused"), LONG_S)
    calls = await _settled(cast)
    assert calls < 48
    await _propose(cast, "resume", "Go on with this migration?")
    cast.at_sign_off = ()
    await cast.play(lambda c: bool(c.cards("sign_off_approve")), LONG_S)
    await _ask(cast, "why?", "is better than the source")


async def _settled(cast: Cast) -> int:
    """The number of calls once it has stopped growing for two seconds."""
    before = -1
    while before != cast.script.calls():
        before = cast.script.calls()
        with pytest.raises(TimeoutError):
            await cast.play(lambda _: False, 2.0)
    return before


async def test_changes_requested_at_the_sign_off_lead_to_a_second_plan(tmp_path: Path, nursery: Nursery) -> None:
    async with opened(tmp_path, "changes", nursery) as (stage, cast):
        cast.at_sign_off = ("sign_off_changes", "sign_off_approve")
        await cast.play(signed, LONG_S)
        first, second = cast.says("Sign-off of")
        assert "*Changes requested*" in str(first["blocks"])
        assert "The margin has to be wider." in str(first["blocks"])
        assert "*Approved*" in str(second["blocks"])
        assert len(cast.says("Plan 2 for")) == len(cast.says("Report of")) == 1
        await cast.play(lambda c: status(c, ": Signed"), LONG_S)
        await checks.check_all(stage, cast, rounds=2)


async def test_a_rejected_migration_ends_and_its_successor_reuses_everything(tmp_path: Path, nursery: Nursery) -> None:
    async with opened(tmp_path, "again", nursery) as (stage, cast):
        cast.at_sign_off = ("sign_off_reject", "sign_off_approve")
        await cast.play(lambda c: status(c, ": Rejected, waiting for nobody"), LONG_S)
        assert cast.says("Report of") == []
        await cast.person(REQUESTER).command("again")
        form = await cast.person(REQUESTER).modal("new_migration", LONG_S)
        assert _shown(form, "prompt") == "Message: {question}\nIntent:"
        assert (await cast.person(REQUESTER).submit({})).get("errors") is None
        await cast.play(lambda c: signed(c) and status(c, ": Signed, waiting for nobody"), LONG_S)
        async with checks.facts_of(stage) as store:
            second, first = await store.migrations.listed("T0LOCAL", REQUESTER)
            assert (first.status, second.status, second.again_of) == (MigrationStatus.REJECTED, MigrationStatus.SIGNED, first.id)
            datasets = [await store.datasets.latest(each.id) for each in (first, second)]
            assert len({dataset.hash for dataset in datasets if dataset}) == 1
            await checks.check_facts(store, second)
            await checks.check_signed(store, second)
        checks.check_wire(stage.workspace)
        checks.check_nobody_was_puzzled(stage, cast)


def _shown(form: dict[str, Any], field: str) -> str:
    return str(form["state"]["values"][field]["value"]["value"])
