"""The whole workflow, driven by facts and `advance` only."""

from pathlib import Path

from db.records import MessageKind, MigrationStatus, RunStatus
from tests.agent.story import OWNER, open_story


async def test_a_migration_goes_from_its_start_to_the_first_digest(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        assert await story.waits_for() == "dataset:1"
        await story.upload()
        await story.work()
        assert await story.waits_for() == "plan:1"
        await story.answer("plan:1", "approve")
        assert await story.waits_for() == "review:1"
        assert await story.judge(1) > 0
        await story.conversation.advance(story.id)
        await story.work()
        assert await story.waits_for() == "sign_off:1"
        await story.answer("sign_off:1", "approve", by=OWNER)

        assert await story.waits_for() is None
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.SIGNED
        assert all(run.status is RunStatus.DONE for run in await story.store.runs.listed(story.id))
        (monitor,) = await story.store.monitors.active()
        (digest,) = await story.store.monitors.digests(monitor.id)
        assert (digest.tick, digest.state) == ("first", "done")
        kinds = {message.kind for message in await story.store.messages.of(story.id)}
        assert kinds == set(MessageKind) - {MessageKind.REPLY, MessageKind.PROBLEM}
