"""Clocks of bots as processes, on a night of the test's choosing: `python -m tests.bot.ringers URL SHIFT HOW_MANY LOG`.

Each lives SHIFT seconds later than everybody else; or SHIFT is a moment that clocks show SOON_S after the imports. Prints the
shift, then the ids of the processes; LOG gets a line for each ring and each digest that is submitted.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import apscheduler.executors.base
import apscheduler.schedulers.base

from agent.engine import WorkKind
from bot.schedule import Clock
from db import open_store
from db.places import Places

SOON_S = 7.0


class Shifted(datetime):
    """What APScheduler asks for the time."""

    by = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.now(tz) + cls.by


class Noting:
    """An engine, and the log."""

    def __init__(self, log: Path) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def note(self, line: str) -> None:
        os.write(self._log, f"{line}\n".encode())

    async def submit(self, kind: WorkKind, key: str, *_: str) -> None:
        self.note(f"{kind} {key}")


class Loud(Clock):
    async def ring(self, monitor_id: str, *, rang_at: datetime, tells_time: bool = True) -> None:
        engine = self.engine
        assert isinstance(engine, Noting)
        engine.note("rang")
        await Clock.ring(self, monitor_id, rang_at=rang_at, tells_time=tells_time)


async def ring(url: str, log: Path) -> None:
    def now() -> datetime:
        return datetime.now(UTC) + Shifted.by

    store, engine = await open_store(Places(home=log.parent, database_url=url), now), Noting(log)
    await Loud(store=store, engine=engine, clock=now).start()
    engine.note("ready")
    await asyncio.Event().wait()


def main(url: str, shift: str, how_many: str, log: str) -> None:
    Shifted.by = _shift(shift)
    sys.stdout.write(f"{Shifted.by.total_seconds()}\n")
    for module in (apscheduler.executors.base, apscheduler.schedulers.base):
        module.datetime = Shifted
    for _ in range(int(how_many)):
        if (pid := os.fork()) == 0:
            asyncio.run(ring(url, Path(log)))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _shift(said: str) -> timedelta:
    try:
        return timedelta(seconds=float(said))
    except ValueError:
        return datetime.fromisoformat(said) - timedelta(seconds=SOON_S) - datetime.now(UTC)


if __name__ == "__main__":
    main(*sys.argv[1:])
