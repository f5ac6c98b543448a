"""A worker that dies between a fact and its telling: both are there, or neither, and what comes back tells it once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from agent.engine import WorkKind
from agent.worker.sweep import Sweep
from db.records import Message, MessageKind
from tests.agent.story import OWNER, Story, open_story


class KilledError(BaseException):
    """Nothing runs after it, as after SIGKILL."""


class DyingMessages:
    """The outbox of a process that is killed when it is about to tell something."""

    async def show(self, *_: object, **__: object) -> Message:
        raise KilledError


class DyingConversation:
    """A process that is killed when it is about to move a migration."""

    async def advance(self, _: str) -> None:
        raise KilledError


async def upload_and_die(story: Story, *, text: str | None = None) -> str:
    """Have a file read by a worker that dies as soon as it tells something or moves on; then the next worker looks around."""
    await story.conversation.advance(story.id)
    upload = await story.upload(text=text)
    messages, story.store.messages = story.store.messages, DyingMessages()  # type: ignore[assignment]
    conversation = story.tools.conversation
    object.__setattr__(story.tools, "conversation", DyingConversation())
    with pytest.raises(KilledError):
        await story.work()
    story.store.messages = messages
    object.__setattr__(story.tools, "conversation", conversation)
    for _ in range(2):
        await Sweep(story.tools)()
        await story.work()
    return upload


async def told(story: Story, kind: MessageKind) -> list[Message]:
    return [message for message in await story.store.messages.of(story.id) if message.kind is kind]


async def test_the_findings_of_a_frozen_dataset_are_told_once(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        upload = await upload_and_die(story)
        assert (await story.store.datasets.upload(upload)).state == "frozen"
        dataset = await story.store.datasets.latest(story.id)
        assert dataset
        assert [(m.subject, m.revision, m.place) for m in await told(story, MessageKind.FINDINGS)] == [(dataset.id, 1, "thread")]
        assert await story.waits_for() == "plan:1"


async def test_the_refusal_of_a_file_is_told_once(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        upload = await upload_and_die(story, text="<html><body>Sign in</body></html>")
        refused = await story.store.datasets.upload(upload)
        assert refused.state == "refused"
        assert [(m.body, m.revision) for m in await told(story, MessageKind.PROBLEM)] == [(refused.refusal, 1)]


@asynccontextmanager
async def dying(story: Story) -> AsyncIterator[None]:
    """A worker that is killed as soon as it tells something outside of the fact's own transaction."""
    messages, story.store.messages = story.store.messages, DyingMessages()  # type: ignore[assignment]
    with suppress(KilledError):
        yield
    story.store.messages = messages


async def test_the_table_of_a_report_is_told_once(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_review()
        await story.decide("review:1", "close")
        await story.conversation.advance(story.id)
        async with dying(story):
            await story.work(WorkKind.REPORT)
        await Sweep(story.tools)()
        report = await story.store.reports.latest(story.id)
        assert report
        tables = [(m.subject, m.revision) for m in await told(story, MessageKind.TABLE)]
        assert tables == [(report.hash, 1), (f"{report.hash}#costs", 1)]
        assert await story.waits_for() == "sign_off:1"


async def test_a_digest_is_told_once(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_sign_off()
        await story.answer("sign_off:1", "approve", by=OWNER)
        (monitor,) = await story.store.monitors.active()
        await story.engine.submit(WorkKind.DIGEST, "x", monitor.id, "2026-01-12T09:00")
        async with dying(story):
            await story.work()
        digests = await story.store.monitors.digests(monitor.id)
        assert [digest.state for digest in digests] == ["done", "done"]
        assert [(m.subject, m.revision) for m in await told(story, MessageKind.DIGEST)] == [(d.id, 1) for d in digests]
