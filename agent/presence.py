"""Being somebody: a process holds its name by a beat a second; who falls silent counts as dead, and others do its work.

A restart waits for nobody: a file in the data folder, locked while its process lives, holds the tokens of those who had the name
last, or were about to. Who gets the lock knows that these are dead, and takes their name at once.
"""

import asyncio
import fcntl
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import structlog

from agent.worker.boundary import attempt
from db.records import ProcessKind
from db.store import Store
from pipeline.errors import RefusedError, TemporaryError

BEAT_S, DEAD_S, POLL_S = 1.0, 5.0, 0.1
START_S = 30.0
"""From taking the name to the first beat: opening what is needed may block a process longer than a dead one is waited for."""
REMEMBERED_S = 3600.0
"""How long a worker that is gone is still listed."""
log = structlog.get_logger()


class Lock:
    """A file that one living process of this data folder holds; `inherits` are the tokens that its last holders left in it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0)
        self.inherits, self.held = frozenset[str](), False

    def take(self) -> bool:
        """Whether it is held from now on."""
        if not self.held:
            with suppress(BlockingIOError):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.inherits, self.held = frozenset(self._file.read().decode().split()), True
        return self.held

    def sign(self, *tokens: str) -> None:
        """Leave the tokens for whoever comes after a kill.

        They are of one length, so a kill between the two calls leaves whole tokens of the dead after them, never half of one.
        """
        if self.held:
            written = os.pwrite(self._file.fileno(), "".join(f"{token}\n" for token in tokens).encode(), 0)
            self._file.truncate(written)

    def touch(self) -> None:
        """Show on the file's date that its holder lives, for whoever looks after processes here."""
        if self.held:
            os.utime(self._file.fileno())

    def close(self) -> None:
        self._file.close()


@dataclass(kw_only=True)
class Presence:
    """Of one process: `arrive`, `stay` beside the work, `leave`. It counts as dead `dead_s` after its last beat.

    Without a `name` it is one of any number, and named by its token. `holder`, the token, tells it from every other process that
    ever had the name. `lost` is set once it was taken for dead: what it was doing is done by others then, so it has to end.
    """

    store: Store
    home: Path
    kind: ProcessKind
    name: str = ""
    beat_s: float = BEAT_S
    dead_s: float = DEAD_S
    start_s: float = START_S
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    _alone: bool = True
    _steady_since: float = 0.0

    def __post_init__(self) -> None:
        self._alone, self.name = bool(self.name), self.name or self.holder
        self._lock = Lock(self.home / "names" / (f"{self.kind}-{quote(self.name, safe='')}" if self._alone else self.kind))

    async def arrive(self) -> frozenset[str]:
        """Take the name, waiting as long as a dead holder counts as alive; the tokens of holders who are dead.

        Raises RefusedError when a living process has the name.
        """
        last = await self._taken()
        if last is None:
            last = await self._waited()
        self._steady_since = monotonic()
        return (self._lock.inherits | {last}) - {""}

    async def _waited(self) -> str:
        log.info("waiting for the name", kind=self.kind, name=self.name)
        until, found = monotonic() + self.dead_s + self.beat_s, await self._last_beat()
        while (last := await self._taken()) is None:
            if monotonic() > until and (not self._lock.held or await self._last_beat() != found):
                self._lock.sign(*self._lock.inherits)
                self._lock.close()
                raise RefusedError(
                    f"A {self.kind} named {self.name} is running already. "
                    "Stop it, or give this one a FERRY_WORKER_NAME of its own."
                )
            await asyncio.sleep(POLL_S)
        return last

    async def _taken(self) -> str | None:
        """Signed before, so that a kill just after it leaves the file with every token that the database may have."""
        had = self._lock.held
        if not self._lock.take() and self._alone:
            return None
        if not had:
            self._lock.sign(*self._lock.inherits, self.holder)
        return await self.store.processes.take(
            self.kind, self.name, self.holder, socket.gethostname(), self.start_s, inherits=self._lock.inherits
        )

    async def _last_beat(self) -> datetime | None:
        """Of whoever has the name. One who was killed while starting counts as alive for long, and beats no more."""
        listed = await self.store.processes.listed()
        return next((each.beat_at for each in listed if (each.kind, each.name) == (self.kind, self.name)), None)

    async def stay(self, look_after: Callable[[], Awaitable[None]]) -> None:
        """Beat until the name is lost, and `look_after` the work of the dead while there is no doubt who is dead.

        Call it once what those had begun who had the name is taken over: from then on the file names this process alone.
        """
        self._lock.sign(self.holder)
        while await self._beats():
            if monotonic() - self._steady_since >= self.dead_s:
                await attempt(look_after(), task="looking after the dead")
            await asyncio.sleep(self.beat_s)
        log.warning("name lost", kind=self.kind, name=self.name)
        self.lost.set()

    async def _beats(self) -> bool:
        """Whether the name is still ours. After a time without the database nobody can be told from the dead for a while."""
        asked = monotonic()
        try:
            kept = await self.store.processes.beat(self.kind, self.name, self.holder, self.dead_s)
        except TemporaryError:
            log.warning("beat missed", kind=self.kind, name=self.name)
            self._steady_since = monotonic()
            return True
        self._lock.touch()
        if monotonic() - asked > self.beat_s:
            self._steady_since = monotonic()
        return kept

    async def leave(self) -> None:
        """Others may do at once what is left undone."""
        try:
            await self.store.processes.leave(self.kind, self.name, self.holder)
        finally:
            self._lock.close()


def monotonic() -> float:
    """The event loop's clock, in seconds."""
    return asyncio.get_running_loop().time()
