"""A search for a better prompt in the worker's own process: killed it pays nothing twice, stopped it spends nothing more."""

import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent.engine import WorkKind
from db.records import JobState, MigrationStatus
from tests.agent.lessons import LESSON, SAMPLES, dataset, intent, questions
from tests.agent.story import PROMPT, REQUESTER, Story, open_story
from tests.agent.worker.process import until, worker_process

IN_FLIGHT, STOPPED_S = 4, 5.0


def scripts(home: Path, latency_s: float) -> tuple[dict[str, object], str]:
    """A target that answers as it should once its prompt holds the lesson, and a writer that writes it in."""
    right = [[f"{LESSON}.*{words}", intent(sample_id)] for sample_id, words in questions().items()]
    text = f"<why>It says what to answer.</why>\n<prompt>\n{LESSON}\n{PROMPT}\n</prompt>"
    about = {"default": text, "latency_s": latency_s, "concurrency": IN_FLIGHT, "log": str(home / "writer.log")}
    (home / "writer.json").write_text(json.dumps(about), encoding="utf-8")
    target = {"answers": {}, "matches": right, "default": "something_else", "latency_s": latency_s, "concurrency": IN_FLIGHT}
    return target, f"scripted:{home / 'writer.json'}"


def calls(home: Path, name: str = "target") -> int:
    log = home / f"{name}.log"
    return len(log.read_text(encoding="utf-8").split()) if log.exists() else 0


def enough(home: Path, count: int) -> Callable[[], Awaitable[bool]]:
    async def called() -> bool:
        return calls(home) >= count

    return called


def moment_passed(seconds: float) -> Callable[[], Awaitable[bool]]:
    until_then = time.monotonic() + seconds

    async def passed() -> bool:
        return time.monotonic() > until_then

    return passed


async def planned(story: Story) -> None:
    story.accepts = False
    await story.conversation.advance(story.id)
    await story.upload(text=dataset())
    await story.work()
    await story.decide("plan:1", "approve")
    await story.conversation.advance(story.id)


@pytest.mark.slow
async def test_a_search_survives_a_kill_and_a_stop_without_paying_twice(tmp_path: Path) -> None:
    """The writer has one text, so the search and the run after it ask each sample of dev once, but for what a kill cuts off."""
    script, writer = scripts(tmp_path, 0.05)
    async with open_story(tmp_path, script=script) as story:
        await planned(story)
        await story.work(*(kind for kind in WorkKind if kind is not WorkKind.IMPROVE))
        assert await story.waits_for() == "improved:1"
        (search,) = await story.store.improvements.of(story.id, 1)
        assert search.state is JobState.QUEUED
        before = calls(tmp_path)
        async with worker_process(story.places.home, writer=writer) as worker:
            await until(enough(tmp_path, before + 10))
            worker.kill()
            worker.start()
            await until(enough(tmp_path, calls(tmp_path) + 6))
            stopped = time.monotonic()
            await story.store.migrations.set_status(story.id, MigrationStatus.PAUSED, by=REQUESTER)
            last, at = calls(tmp_path), stopped
            while time.monotonic() - stopped < STOPPED_S:
                await until(moment_passed(0.2))
                last, at = (now, time.monotonic()) if (now := calls(tmp_path)) > last else (last, at)
            assert at - stopped < STOPPED_S - 1
            assert await story.waits_for() == "improved:1"
            await story.store.migrations.set_status(story.id, MigrationStatus.OPEN, by=REQUESTER)

            async def asked() -> bool:
                return await story.waits_for() == "prompts:1"

            await until(asked)
        (search,) = await story.store.improvements.of(story.id, 1)
        assert search.state is JobState.DONE
        assert search.calls <= search.most_calls
        found = [c.prompt for c in await story.store.prompts.candidates(story.id, 1) if c.prompt.method == "gepa"]
        assert [LESSON in prompt.user for prompt in found] == [True]
        (run,) = [r for r in await story.store.runs.listed(story.id) if r.key.prompt_hash == found[0].hash]
        paid, once = calls(tmp_path) - before + calls(tmp_path, "writer"), run.stored + 1
        assert 0 <= paid - once <= 2 * IN_FLIGHT + 1
        assert len(questions()) == SAMPLES
