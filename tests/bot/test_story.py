"""The whole story over the wire, with a scripted target: from `/migrate` to the signed report and its first digest."""

from pathlib import Path

import pytest

from bot.blocks.validate import validate_message
from bot.story import DETAILS, StepError, Story
from bot.workspace.people import GENERAL, OWNER
from bot.workspace.server import Workspace
from tests.agent.story import write_script
from tests.bot.office import open_office


async def test_the_story_ends_with_a_signed_report_and_a_digest(workspace: Workspace, tmp_path: Path) -> None:
    target = f"scripted:{write_script(tmp_path)}"
    told: list[str] = []
    async with open_office(workspace, tmp_path / "home", works=True) as office:
        story = Story(requester=office.requester, say=told.append, details={**DETAILS, "targets": target}, patience=0.5)
        await story.walk()
        await office.quiet()
        (migration,) = await office.store.migrations.listed("T0LOCAL", OWNER)
        sign_off = await office.store.reports.sign_off(migration.id)
        assert sign_off
        assert sign_off.by == OWNER
        assert await office.store.audit.verify() is None
        keys = [m.key for m in await office.store.messages.of(migration.id)]
    posted = [m for m in workspace.general().messages.values() if m.get("metadata")]
    ours = [m["metadata"]["event_payload"]["key"] for m in posted]
    assert len(ours) == len(set(ours))
    assert {key for key in keys if not key.startswith(("review:", "files:", "charts:"))} == set(ours)
    assert not workspace.log.problems
    assert all(not validate_message(m) for m in posted)
    assert workspace.general().pins == [posted[0]["ts"]]
    assert story.judged > 0
    assert "done in" in told[-1]


async def test_a_failed_step_is_named(workspace: Workspace, tmp_path: Path) -> None:
    async with open_office(workspace, tmp_path) as office:
        story = Story(requester=office.requester, say=lambda _: None, details={**DETAILS, "targets": "nobody:x"}, patience=0.2)
        with pytest.raises(StepError, match=r"start the migration with /migrate.*nobody:x"):
            await story.walk()
        assert office.workspace.general().id == GENERAL
