"""The purse of a migration, as a worker uses it: every paid call of its work is held against the budget and charged.

Whose purse it is follows from the work that is done (`paying`), so that no call can be forgotten: runs, judges, searches, turns,
tries, writers and probes all ask models that the shelf opened. Calls that wait at the same time share one transaction.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import structlog

from agent import told
from agent.told import FERRY
from agent.worker.boundary import persist
from db.records import MessageKind, MigrationStatus, Movement, Purse
from db.store import Store
from pipeline.models.charging import unpriced, used_up

POLL_S = 0.25
"""How often a call that does not fit looks whether those of other workers have given something back."""
WAYS = (
    "Calls in flight are finished and kept, and nothing more is called. Raise the budget (*Budget* on the status card, or write "
    '"set the budget to 40 USD") and Ferry goes on without paying for anything twice, or cancel the migration.'
)
_PAYER: ContextVar[str] = ContextVar("payer", default="")
Wanted = tuple[float, "asyncio.Future[str | None]"]
Past = tuple[Movement, "asyncio.Future[None]"]
log = structlog.get_logger()


class RestingError(Exception):
    """Work cannot go on until a person sets the budget; it has been told already, and the work is done again after that."""


@contextmanager
def paying(migration_id: str) -> Iterator[None]:
    """Within it, and in the tasks begun there, calls are charged to this migration; to nobody with an empty id."""
    token = _PAYER.set(migration_id)
    try:
        yield
    finally:
        _PAYER.reset(token)


@dataclass(slots=True, eq=False)
class StoredPurse:
    """The purses of all migrations that this worker, `holder`, calls models for; a `Purse` of the pipeline's."""

    store: Store
    holder: str
    desks: dict[str, "_Desk"] = field(default_factory=dict)

    async def hold(self, usd: float | None, ref: str) -> str | None:
        payer = _PAYER.get()
        return await self._desk(payer).hold(usd, ref) if payer else None

    async def settle(self, held: float, usd: float) -> None:
        payer = _PAYER.get()
        if payer:
            await self._desk(payer).settle(Movement(back=held, ended=1, spent=usd))

    async def refusal(self, purse: Purse) -> str | None:
        """Why `purse`, which does not allow something now, will not later either: then its migration rests. Else calls in flight
        may give something back."""
        if not purse.stopped and purse.open:
            return None
        return await self._desk(purse.migration_id).stop(purse.stopped or used_up(purse.budget or 0.0, purse.spent))

    async def charge(self, usd: float) -> None:
        payer = _PAYER.get()
        if payer:
            await self._desk(payer).settle(Movement(spent=usd))

    def _desk(self, payer: str) -> "_Desk":
        return self.desks.setdefault(payer, _Desk(store=self.store, holder=self.holder, payer=payer))


@dataclass(slots=True, eq=False, kw_only=True)
class _Desk:
    """One migration's purse: whoever comes while a transaction runs shares the next one."""

    store: Store
    holder: str
    payer: str
    waiting: "list[Wanted]" = field(default_factory=list)
    moving: "list[Wanted]" = field(default_factory=list)
    past: "list[Past]" = field(default_factory=list)
    settling: "list[Past]" = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    work: asyncio.Task[None] | None = None

    async def hold(self, usd: float | None, ref: str) -> str | None:
        if usd is None and (await self.store.purses.get(self.payer)).budget is not None:
            return await self.stop(unpriced(ref))
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self.waiting.append((usd or 0.0, answer))
        self._begin()
        try:
            return await answer
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled() and answer.exception() is None and answer.result() is None:
                self._give_back(usd or 0.0)  # let, and cancelled before it could begin
            raise

    async def settle(self, movement: Movement) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.past.append((movement, done))
        self._begin()
        await done

    def _begin(self) -> None:
        self.came.set()
        if self.work is None or self.work.done():
            self.work = asyncio.create_task(self._work())
            self.work.add_done_callback(self._ended)

    async def _work(self) -> None:
        """Until nobody waits."""
        while self.waiting or self.past:
            self.came.clear()
            self.moving, self.waiting = [each for each in self.waiting if not each[1].cancelled()], []
            self.settling, self.past = self.past, []
            if await self._move():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.came.wait(), POLL_S)

    def _ended(self, work: asyncio.Task[None]) -> None:
        """Whoever waited gets what the database said in the end."""
        error = None if work.cancelled() else work.exception()
        if error is not None:
            for answer in (answer for _, answer in self.moving):
                _fail(answer, error)
            for done in (done for _, done in self.settling):
                _fail(done, error)
            if self.waiting or self.past:
                self._begin()

    async def _move(self) -> bool:
        """One transaction. True when a call does not fit now, and may once others have given something back."""
        wanted, past = [usd for usd, _ in self.moving], _sum(movement for movement, _ in self.settling)
        purse, let = await persist(lambda: self.store.purses.move(self.payer, self.holder, wanted, past), of=self.payer)
        for _, done in self.settling:
            if not done.done():
                done.set_result(None)
        for usd, answer in self.moving[:let]:
            self._let(usd, answer)
        left = self.moving[let:]
        if left and (purse.stopped or not purse.open):
            sentence = await self.stop(purse.stopped or used_up(purse.budget or 0.0, purse.spent))
            for _, answer in left:
                if not answer.done():
                    answer.set_result(sentence)
            return False
        self.waiting = left + self.waiting
        return bool(left)

    def _let(self, usd: float, answer: asyncio.Future[str | None]) -> None:
        """A caller who has gone meanwhile calls nobody: what was set aside for it goes back."""
        if answer.done():
            self._give_back(usd)
        else:
            answer.set_result(None)

    def _give_back(self, usd: float) -> None:
        self.past.append((Movement(back=usd, ended=1), asyncio.get_running_loop().create_future()))
        self._begin()

    async def stop(self, why: str) -> str:
        """The migration rests, and its thread says why and the ways out; the sentence."""
        await self.store.purses.stop(self.payer, why)
        migration = await self.store.migrations.get(self.payer)
        body = f"{why}. {WAYS}"
        if migration.status in {MigrationStatus.OPEN, MigrationStatus.STUCK}:
            await self.store.migrations.set_status(self.payer, MigrationStatus.PAUSED, by=FERRY, problem=body)
            key = told.budget_key(self.payer)
            await told.tell(self.store, migration, key, MessageKind.PROBLEM, subject=told.BUDGET, body=body)
            log.info("budget used up", migration=self.payer)
        return why


def _sum(movements: Iterable[Movement]) -> Movement:
    total = Movement()
    for each in movements:
        total = Movement(back=total.back + each.back, ended=total.ended + each.ended, spent=total.spent + each.spent)
    return total


def _fail(waiting: "asyncio.Future[Any]", error: BaseException) -> None:
    if not waiting.done():
        waiting.set_exception(error)
