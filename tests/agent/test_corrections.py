"""From what goes wrong to a corrected dataset and a round on it, whatever is killed or done twice in between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import corrections
from agent.engine import WorkKind
from db.keys import corrections_card, errors_card, references_card
from db.records import DatasetVersion, MessageKind, ReferenceAnswer, ReferenceCheck
from pipeline.decide.errors.summary import loads
from pipeline.records import Cause, Split
from tests.agent.story import OWNER, SME, Story, dataset_csv, open_story
from tests.stores import postgres_database

WRONG = "terminate_account"


def contradicting(samples: int = 24) -> str:
    """The demo's first samples, the first two of which come a second time with another reference."""
    lines = dataset_csv(samples).splitlines()
    again = [line.split('","') for line in lines[1:3]]
    twins = ['","'.join([f'"twin-{n}', cells[1], WRONG, *cells[3:]]) for n, cells in enumerate(again)]
    return "\n".join([*lines, *twins]) + "\n"


async def to_review(story: Story) -> tuple[ReferenceCheck, ...]:
    await story.conversation.advance(story.id)
    await story.upload(text=contradicting())
    await story.work()
    await story.answer("plan:1", "approve")
    return await story.store.references.listed(story.id)


async def fix(story: Story, check: ReferenceCheck, text: str = "card_swallowed") -> None:
    """What a click writes, and the work it submits."""
    await story.store.references.answer(check.id, ReferenceAnswer.FIX, by=check.sme, at=datetime.now(UTC), reference=text)
    await story.engine.submit(WorkKind.CORRECT, check.id, story.id, str(check.round), check.id)


async def newest(story: Story) -> DatasetVersion:
    version = await story.store.datasets.latest(story.id)
    assert version
    return version


async def test_what_goes_wrong_is_told_when_targets_are_measured_and_doubts_go_to_the_smes(tmp_path: Path) -> None:
    async with open_story(tmp_path, smes=(SME, "U0SME2")) as story:
        checks = await to_review(story)
        message = await story.store.messages.get(errors_card(story.id, 1))
        assert message
        (arm,) = loads(message.body)
        assert arm.failed == sum(group.count for group in arm.groups) > 0
        assert Cause.PROMPT in {group.cause for group in arm.groups}
        assert {c.sme for c in checks} == {SME, "U0SME2"}
        cards = {m.place for m in await story.store.messages.of(story.id) if m.kind is MessageKind.REFERENCES}
        assert cards == {SME, "U0SME2"}
        await story.engine.submit(WorkKind.ERRORS, "again", story.id, "1")
        await story.work()
        assert await story.store.references.listed(story.id) == checks


async def test_without_smes_nobody_is_asked(tmp_path: Path) -> None:
    async with open_story(tmp_path, smes=()) as story:
        assert await to_review(story) == ()
        assert await story.store.messages.get(errors_card(story.id, 1))


@asynccontextmanager
async def url_of(database: str) -> AsyncIterator[str | None]:
    """A Postgres database of its own, or None for the file."""
    if database == "sqlite":
        yield None
        return
    async with postgres_database() as url:
        yield url


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_requested_changes_measure_source_and_targets_on_the_corrected_dataset(tmp_path: Path, database: str) -> None:
    async with url_of(database) as url, open_story(tmp_path, database_url=url) as story:
        checks = await to_review(story)
        before = await newest(story)
        for check in checks:
            await fix(story, check)
        await story.work()
        after = await newest(story)
        assert (after.number, after.dev, after.test) == (2, before.dev, before.test)
        assert f"{len(checks)} references were corrected by {SME}" in after.findings_json
        told = await story.store.messages.get(corrections_card(story.id, 1))
        assert told
        assert (told.place, told.kind) == ("thread", MessageKind.REFERENCES)
        await story.answer("review:1", "close")
        runs = await story.store.runs.listed(story.id)
        assert {run.dataset_id for run in runs} == {before.id}

        await story.answer("sign_off:1", "request_changes", by=OWNER)
        await story.answer("plan:2", "approve")
        again = [run for run in await story.store.runs.listed(story.id) if run not in runs]
        assert {run.dataset_id for run in again} == {after.id}
        assert {run.stage for run in again} == {"baseline", "candidates:2", "targets:2"}
        assert {run.key.split for run in again if run.stage == "baseline"} == set(Split)
        assert await story.store.references.listed(story.id, 2) == ()
        await story.answer("review:2", "close")
        report = await story.store.reports.latest(story.id)
        assert report
        assert (report.number, after.hash in report.json) == (2, True)


async def test_a_correction_whose_work_was_lost_is_in_the_next_plan(tmp_path: Path) -> None:
    """Killed right after the click's transaction: the fact alone is enough."""
    async with open_story(tmp_path) as story:
        first, *_ = await to_review(story)
        await story.store.references.answer(first.id, ReferenceAnswer.FIX, by=SME, at=datetime.now(UTC), reference="new")
        await story.answer("review:1", "close")
        assert (await newest(story)).number == 1
        await story.answer("sign_off:1", "request_changes", by=OWNER)
        version = await newest(story)
        assert version.number == 2
        assert (await story.store.datasets.chosen(version.id, [first.sample_id]))[first.sample_id].reference == "new"
        await story.answer("plan:2", "approve")
        assert {r.dataset_id for r in await story.store.runs.listed(story.id, "targets:2")} == {version.id}


async def test_a_version_waits_for_an_sme_who_is_in_the_middle_and_doing_it_twice_makes_one(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        first, *others = await to_review(story)
        assert others
        await fix(story, first)
        await story.work()
        assert (await newest(story)).number == 1
        assert await story.store.messages.get(corrections_card(story.id, 1))
        for check in others:
            await story.store.references.answer(check.id, ReferenceAnswer.KEEP, by=SME, at=datetime.now(UTC))
        for n in range(3):
            await story.engine.submit(WorkKind.CORRECT, f"{n}", story.id, "1", f"{n}")
        await story.work()
        assert (await newest(story)).number == 2
        assert await corrections.apply(story.store, story.id) == await newest(story)
        assert (await story.store.messages.get(references_card(story.id, 1, SME))) is not None


async def test_a_file_given_since_then_stands_where_it_says_something_else(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        checks = await to_review(story)
        doubted = next(c for c in checks if c.sample_id.startswith("twin"))
        await story.upload(text=contradicting().replace(WRONG, "lost_or_stolen_phone"))
        await story.work(WorkKind.INGEST)
        assert (await newest(story)).number == 2
        await fix(story, doubted)
        for check in checks:
            await story.store.references.answer(check.id, ReferenceAnswer.KEEP, by=SME, at=datetime.now(UTC))
        await story.work()
        assert (await newest(story)).number == 2
