"""What must be true when a story is over, however it went: read from the workspace as people see it, and from the facts."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bot.workspace.people import GENERAL, REQUESTER, TEAM
from bot.workspace.server import Workspace
from db import Store, open_store
from db.records import Message, Migration, MigrationStatus, RunStatus
from pipeline.records import Split
from tests.journey.stage import Stage
from tests.journey.story import Cast

MALFORMED = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "invalid_arguments", "invalid_metadata_format", "msg_too_long", "no_text"}
)
SETTLED_S = 10.0
FORMATS = {"report.html", "report.xlsx", "report.json"}
CHARTS = {"report.png", "tradeoff.png"}


@asynccontextmanager
async def facts_of(stage: Stage) -> AsyncIterator[Store]:
    """The facts, read beside the processes that write them."""
    store = await open_store(stage.places)
    try:
        yield store
    finally:
        await store.close()


def posted_keys(workspace: Workspace) -> Counter[str]:
    """How many messages carry each outbox key; a message of files is known by the titles of its files."""
    found: Counter[str] = Counter()
    for channel in workspace.state.channels.values():
        for message in channel.messages.values():
            found.update(keys_of(message))
    return found


def keys_of(message: Mapping[str, Any]) -> set[str]:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    titles = (str(file.get("title", "")) for file in message.get("files") or ())
    return {str(payload["key"])} if "key" in payload else {t[t.index("[") + 1 : -1] for t in titles if t.endswith("]")}


async def check_outbox(store: Store, workspace: Workspace, migration: Migration) -> None:
    """Every message of the outbox was posted exactly once, and Slack shows its newest revision."""
    messages = await delivered(store, migration)
    posted = posted_keys(workspace)
    assert {key: count for key, count in posted.items() if count != 1} == {}
    assert {m.key for m in messages} <= posted.keys()
    files = Counter(name for m in workspace.state.channels[GENERAL].messages.values() for name in report_files(m))
    shared = [m.subject.endswith("#charts") for m in messages if m.kind == "files"]
    assert files == Counter({name: shared.count(True) for name in CHARTS if any(shared)}) + Counter(
        {name: shared.count(False) for name in FORMATS if not all(shared)}
    )


async def delivered(store: Store, migration: Migration) -> tuple[Message, ...]:
    """The outbox once nothing in it waits any more; the last edits may still be on their way."""
    until = time.monotonic() + SETTLED_S
    while True:
        messages = await store.messages.of(migration.id)
        late = [(m.key, m.state, m.sent, m.revision, m.problem) for m in messages if (m.state, m.sent) != ("sent", m.revision)]
        if not late:
            return messages
        assert time.monotonic() < until, late
        await asyncio.sleep(0.1)


def report_files(message: Mapping[str, Any]) -> Iterable[str]:
    return [file["name"] for file in message.get("files") or () if message.get("bot_id")]


def check_wire(workspace: Workspace) -> None:
    """Nothing the app sent was malformed, nothing it answered was broken."""
    assert [call for call in workspace.log.calls if call.error in MALFORMED] == []
    assert list(workspace.log.problems) == []


def check_nobody_was_puzzled(stage: Stage, cast: Cast) -> None:
    """No unforeseen error: none in the logs, no reference id in anything anybody was told."""
    assert stage.complaints() == []
    texts = [m["text"] for seen in cast.seen.values() for channel in seen["channels"] for m in channel["messages"]]
    assert [text for text in texts if "reference `" in text or "(reference " in text] == []


async def check_facts(store: Store, migration: Migration) -> None:
    """One decision a question, one run a key with every output once, a whole audit chain with one event a decision."""
    assert await store.audit.verify() is None
    events = await store.audit.events(migration.id)
    decided = Counter(json.loads(event.detail_json)["question"] for event in events if event.action == "decided")
    assert {question: count for question, count in decided.items() if count != 1} == {}
    runs = await store.runs.listed(migration.id)
    assert max(Counter((run.dataset_id, run.stage, run.key) for run in runs).values()) == 1
    for run in runs:
        outputs, scores = await store.runs.outputs(run.id), await store.runs.scores(run.id)
        samples = await store.datasets.samples(run.dataset_id, Split(run.key.split))
        assert run.status is RunStatus.DONE
        assert sorted(output.sample_id for output in outputs) == sorted(sample.id for sample in samples)
        assert max(Counter((score.sample_id, score.metric) for score in scores).values()) == 1
        assert run.stored == run.total == len(samples)


async def check_signed(store: Store, migration: Migration, *, rounds: int = 1, first: int = 1) -> None:
    """One sign-off, of the last report; everybody judged everything; one monitor with one digest.

    `first` is the number of the first plan that was carried out: the rounds are numbered by their plans.
    """
    assert migration.status is MigrationStatus.SIGNED
    report, sign_off = await store.reports.latest(migration.id), await store.reports.sign_off(migration.id)
    assert report
    assert sign_off
    assert (report.number, sign_off.report_hash, sign_off.by) == (first + rounds - 1, report.hash, migration.owner)
    for number in range(first, first + rounds):
        progress = await store.reviews.progress(migration.id, number)
        assert set(progress) == set(migration.smes)
        assert all(done == total > 0 for done, total in progress.values())
        preferences = await store.reviews.preferences(migration.id, number)
        assert len({assignment.id for assignment, _ in preferences}) == len(preferences)
    (monitor,) = await store.monitors.active()
    (digest,) = await store.monitors.digests(monitor.id)
    assert (digest.tick, digest.state) == ("first", "done")


async def target_outputs(store: Store, migration: Migration, ref: str) -> int:
    """How many outputs of a model are stored: one call each, when none was repeated."""
    return sum(run.stored for run in await store.runs.listed(migration.id) if run.key.model == ref)


async def only_migration(store: Store) -> Migration:
    """The one migration there is: however often the form was sent, it was opened once."""
    (migration,) = await store.migrations.listed(TEAM, REQUESTER)
    return migration


async def check_judged(store: Store, migration: Migration, metric: str) -> None:
    """Every answer on test has its one score by the judge, the digest's among them."""
    runs = [run for run in await store.runs.listed(migration.id) if run.key.split is Split.TEST]
    assert {run.stage.partition(":")[0] for run in runs} == {"baseline", "targets", "monitor"}
    for run in runs:
        scores = [score for score in await store.runs.scores(run.id) if score.metric == metric]
        assert len(scores) == run.total
        assert {score.value for score in scores} == {1.0}, [score.unscored for score in scores]


async def check_all(stage: Stage, cast: Cast, *, rounds: int = 1, first: int = 1) -> None:
    """Everything above, for a story of one migration that was signed in its last round."""
    check_wire(stage.workspace)
    check_nobody_was_puzzled(stage, cast)
    async with facts_of(stage) as store:
        migration = await only_migration(store)
        await check_facts(store, migration)
        await check_signed(store, migration, rounds=rounds, first=first)
        await check_outbox(store, stage.workspace, migration)
