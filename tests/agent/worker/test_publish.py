"""The signed prompt goes to prompt management once, with its evidence beside it; what goes wrong is told in the thread."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent import handover
from agent.engine import WorkKind
from agent.worker.work import perform
from db.records import MessageKind
from pipeline.prompts.managed.form import metadata_of
from pipeline.prompts.managed.service import Managed
from pipeline.report.storage import loads
from tests.agent.story import OWNER, Story, open_story
from tests.pipeline.aws.wire import Fault
from tests.pipeline.prompts.managed.peer import Peer, peer


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@asynccontextmanager
async def at_sign_off(home: Path, at: Peer) -> AsyncIterator[Story]:
    async with open_story(home) as story:
        await story.to_sign_off()
        story.tools = replace(story.tools, live=at.settings)
        yield story


async def publish(story: Story, name: str = "support") -> list[str]:
    await perform(story.tools, WorkKind.PUBLISH, (story.id, name))
    return [m.body for m in await story.store.messages.of(story.id) if m.kind is MessageKind.REPLY]


async def test_what_was_signed_is_published_once_and_comes_back_with_its_hash(tmp_path: Path) -> None:
    async with peer() as at, at_sign_off(tmp_path, at) as story:
        assert ["Nothing is signed here" in body for body in await publish(story)] == [True]
        await story.answer("sign_off:1", "approve", by=OWNER)
        (told,) = await publish(story)
        (again,) = await publish(story)
        signed = await story.store.reports.latest(story.id)
        found, _ = await Managed(at.settings).fetch("support:1")
        assert signed
        arm = handover.signed_arm(loads(signed.json))
        assert arm
        assert found.prompt.hash == arm.prompt_hash
        assert "is published as support, version 1" in told
        assert at.stored("support").id in told
        assert "was published before as support, version 1" in again
        said = metadata_of(at.stored("support").versions[1]["variants"][0])
        assert (said["ferry.report"], said["ferry.migration"]) == (signed.hash, story.id)


async def test_what_goes_wrong_is_told_and_can_be_tried_again(tmp_path: Path) -> None:
    denied = Fault("AccessDeniedException", 403, "no")
    async with peer(faults={"CreatePrompt": [denied]}) as at, at_sign_off(tmp_path, at) as story:
        await story.answer("sign_off:1", "approve", by=OWNER)
        (told,) = await publish(story)
        assert "was not published" in told
        assert "bedrock:CreatePrompt" in told
        assert 'Write "publish as support" to try again' in told
        assert "is published as" in (await publish(story))[0]
        at.stored("support").draft["variants"][0]["metadata"] = []
        told = (await publish(story, "support"))[-1]
        assert ("--" in told, told.endswith('Write "publish as ANOTHER-NAME".')) == (False, True), told
        story.tools = replace(story.tools, live=None)
        assert "reaches no AWS account" in (await publish(story, "other"))[-1]
