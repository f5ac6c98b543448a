"""A large report says how far it is, in one message that is edited; a report of usual size says nothing."""

from agent import told
from agent.worker.report.progress import Progress
from db import Store
from tests.db.facts import opened


async def test_one_message_tells_how_far_a_large_report_is(store: Store) -> None:
    migration = await opened(store)
    progress = Progress(store=store, migration=migration, number=1, samples=12_000)
    said = []
    for step in (progress.read(0, 5), progress.read(4, 5), progress.figures(), progress.files(), progress.done()):
        await step
        message = await store.messages.get(told.writing_key(migration.id, 1))
        assert message
        said.append(message.body.removeprefix("Writing the report over 12,000 samples: "))
    assert said == [
        "0 %, 0 of 5 runs are read.",
        "32 %, 4 of 5 runs are read.",
        "45 %, the figures are being made.",
        "70 %, the files are being written.",
        "done.",
    ]


async def test_a_report_of_usual_size_says_nothing(store: Store) -> None:
    migration = await opened(store)
    await Progress(store=store, migration=migration, number=1, samples=10_000).files()
    assert await store.messages.get(told.writing_key(migration.id, 1)) is None
