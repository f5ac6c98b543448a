"""Transactions commit whole or not at all: when they raise, when they are cancelled, when the process is killed."""

import asyncio
import random
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, update

from db import Store, open_store
from db.engine import Database
from db.places import Places
from db.sqlite import PRAGMAS, open_file
from db.tables import leases
from pipeline.errors import TemporaryError
from tests.db.facts import opened, output, queued, score
from tests.db.raw import scalar, statement
from tests.stores import START

CONSISTENT = "SELECT count(*) FROM run WHERE stored <> (SELECT count(*) FROM output WHERE run_id = run.id)"
KILLED = """
import asyncio, sys
from pathlib import Path
from db import open_store
from db.places import Places
from tests.db.facts import output, score

async def main() -> None:
    store = await open_store(Places(home=Path(sys.argv[1])))
    print("ready", flush=True)
    for n in range(100_000):
        batch = [output(f"x{n}-{k}") for k in range(50)]
        await store.runs.save("r1", batch, [score(o.sample_id) for o in batch])

asyncio.run(main())
"""


async def test_a_transaction_that_raises_leaves_nothing(store: Store) -> None:
    migration = await opened(store)

    async def half() -> None:
        async with store._database.write() as tx:
            await tx.exec_driver_sql("UPDATE migration SET name = 'half'")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half()
    assert await store.migrations.get(migration.id) == migration


async def test_cancelled_transactions_leave_nothing_and_block_nobody(store: Store) -> None:
    """The tasks are kept: a lock that lives as long as their tracebacks would be found here."""
    run = await queued(store, await opened(store))
    chance = random.Random(7)
    tasks = []
    for n in range(40):
        batch = [output(f"x{n}-{k}") for k in range(20)]
        task = asyncio.create_task(store.runs.save(run.id, batch, [score(o.sample_id) for o in batch]))
        await asyncio.sleep(chance.random() * 0.01)
        task.cancel()
        await asyncio.wait([task])
        tasks.append(task)
        async with asyncio.timeout(5):
            await store.leases.take("a", f"{n}", 0, START)
    assert {task.exception() for task in tasks if not task.cancelled()} <= {None}
    assert await scalar(store, CONSISTENT) == 0
    await store.runs.save(run.id, [output("s0")], [])
    assert "s0" in await store.runs.stored_ids(run.id)


async def test_an_interrupted_transaction_lets_go_of_its_lock(sqlite_store: Store) -> None:
    """As when a loop is shut down. The tasks are kept, and with a traceback the cursor that keeps SQLite's lock alive."""

    async def write() -> None:
        async with sqlite_store._database.write() as tx:
            for holder in range(20):
                await tx.execute(update(leases).values(holder=str(holder)))
                (await tx.execute(select(leases))).all()

    tasks = []
    for n in range(25):
        tasks.append(asyncio.create_task(write()))
        await asyncio.sleep(n / 1000)
        tasks[-1].cancel()
        await asyncio.wait(tasks)
        async with asyncio.timeout(5):
            await sqlite_store.leases.take("a", "one", 10, START)
    assert any(task.cancelled() for task in tasks)


async def test_a_killed_process_leaves_whole_transactions(sqlite_store: Store, tmp_path: Path) -> None:
    await queued(sqlite_store, await opened(sqlite_store))
    for seed in range(2):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(tmp_path), stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        await asyncio.sleep(random.Random(seed).uniform(0.05, 0.3))
        process.kill()
        await process.communicate()
        assert await scalar(sqlite_store, CONSISTENT) == 0
    counted = "SELECT count(*) FROM score WHERE NOT EXISTS (SELECT 1 FROM output WHERE output.sample_id = score.sample_id)"
    assert await scalar(sqlite_store, counted) == 0
    assert len(await sqlite_store.runs.stored_ids("r1")) % 50 == 0


async def test_readers_cannot_write(sqlite_store: Store) -> None:
    from sqlalchemy.exc import OperationalError

    with pytest.raises(OperationalError, match="readonly"):
        async with sqlite_store._database.read() as tx:
            await tx.exec_driver_sql("DELETE FROM lease")


async def test_references_are_kept(store: Store) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError):
        await statement(store, "INSERT INTO plan (migration_id, number, hash, plan) VALUES ('nobody', 1, 'h', '{}')")


async def test_settings_of_sqlite(sqlite_store: Store) -> None:
    for pragma, value in (("journal_mode", "wal"), ("synchronous", 1), ("foreign_keys", 1), ("busy_timeout", 10_000)):
        assert await scalar(sqlite_store, f"PRAGMA {pragma}") == value


async def test_a_writer_of_another_process_is_waited_for(sqlite_store: Store, tmp_path: Path) -> None:
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with sqlite3.connect(tmp_path / "app.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            held.set()
            free.wait(0.3)
            other.execute("COMMIT")
        other.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    started = time.monotonic()
    await opened(sqlite_store)
    assert time.monotonic() - started >= 0.2
    thread.join()


def test_a_new_file_can_be_opened_by_many_at_once(tmp_path: Path) -> None:
    """Found when bot and worker started together: the one that came second to the switch to WAL was refused at once."""
    for number in range(40):
        together = threading.Barrier(4)
        with ThreadPoolExecutor(4) as pool:
            for opened in [pool.submit(_open_and_write, tmp_path / f"{number}.db", together) for _ in range(4)]:
                opened.result()


def _open_and_write(path: Path, together: threading.Barrier) -> None:
    together.wait()
    connection = open_file(str(path), PRAGMAS)
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("CREATE TABLE IF NOT EXISTS noted (what TEXT)")
    connection.execute("COMMIT")
    connection.close()


async def test_a_database_that_cannot_be_reached_is_told_as_passing(tmp_path: Path) -> None:
    unreachable = Database("postgresql+psycopg://postgres@127.0.0.1:1/nothing")
    with pytest.raises(TemporaryError, match="cannot be reached"):
        async with unreachable.read():
            pass
    await unreachable.close()


async def test_a_wrong_statement_is_a_bug_and_not_told_as_passing(sqlite_store: Store) -> None:
    from sqlalchemy.exc import OperationalError

    with pytest.raises(OperationalError, match="no such table"):
        await scalar(sqlite_store, "SELECT 1 FROM missing_one")


async def test_a_store_opens_its_folder(tmp_path: Path) -> None:
    places = Places(home=tmp_path / "new" / "home")
    store = await open_store(places)
    assert places.files.is_dir()
    await opened(store)
    await store.close()
    again = await open_store(places)
    assert len(await again.migrations.active()) == 1
    await again.close()
