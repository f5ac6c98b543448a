"""`advance`: the only code that moves a graph. It never receives an answer; it looks it up among the facts.

Every entry point (a click, an upload, finished work, a start) writes a fact and then calls `advance`, from any process and as
often as it likes: a lost resume, a double click and a restart are one case.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from weakref import WeakValueDictionary

import structlog

from agent import answers
from agent.engine import Engine, WorkKind
from agent.handover import CRON, TIMEZONE
from agent.state import thread_id
from agent.told import FERRY
from agent.worker.boundary import Trouble, attempt
from db.places import Places
from db.records import Migration, MigrationStatus, Question, QuestionKind, RunStatus
from db.store import Store
from pipeline.errors import RefusedError, TemporaryError
from pipeline.models.catalog import Catalog

if TYPE_CHECKING:
    from langgraph.types import Interrupt, StateSnapshot

    from agent.graph import Graph
    from agent.nodes import Deps

log = structlog.get_logger()

MOVING = frozenset({MigrationStatus.OPEN, MigrationStatus.STUCK})
LEASE_S, EXTEND_S, POLL_S = 3.0, 1.0, 0.05
PATIENCE_S = 10.0
"""Longer than a lease: whoever holds it is at work, or it has run out."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Conversation:
    """Moves migrations, one step at a time each. `holder` names this process in leases; a restarted process keeps its name."""

    def __init__(
        self, store: Store, graph: "Graph", deps: "Deps", clock: Callable[[], datetime] = utc_now, *, holder: str | None = None
    ) -> None:
        self.store, self.engine = store, deps.engine
        self._graph, self._deps, self._clock = graph, deps, clock
        self._holder = holder or uuid4().hex
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def advance(self, migration_id: str) -> Question | None:
        """Move the migration as far as its facts allow; the question it waits for, or None when it is over or stuck.

        Paused and ended migrations are not moved. What fails makes the migration stuck, with a sentence; the next `advance`
        tries again. Raises RefusedError for an unknown migration, TemporaryError when another process keeps moving it.
        """
        async with self._alone(migration_id):
            migration = await self.store.migrations.get(migration_id)
            outcome = await attempt(self._move(migration), migration=migration_id)
            if isinstance(outcome, Trouble):
                await self.store.migrations.stick(migration_id, outcome.sentence, by=FERRY)
                return None
            return outcome

    async def resume(self, migration_id: str, *, by: str) -> Question | None:
        """Go on after a pause or a problem: failed runs are queued once more, what is unfinished is submitted again.

        RefusedError for a migration that is over.
        """
        migration = await self.store.migrations.get(migration_id)
        if migration.status not in {*MOVING, MigrationStatus.PAUSED}:
            raise RefusedError(f"This migration is over ({migration.status}). `/migrate again` starts the next one.")
        await self.store.migrations.set_status(migration_id, MigrationStatus.OPEN, by=by)
        for run in await self.store.runs.listed(migration_id):
            if run.status is RunStatus.FAILED:
                await self.store.runs.retry(run.id)
            if run.status is not RunStatus.DONE:
                await self.engine.submit(WorkKind.RUN, run.id, run.id)
        return await self.advance(migration_id)

    async def _move(self, migration: Migration) -> Question | None:
        thread: Any = {"configurable": {"thread_id": thread_id(migration.id)}}
        while migration.status in MOVING:
            snapshot = await self._graph.aget_state(thread)
            step = None
            if snapshot.interrupts:
                question = await self._asked(migration, snapshot.interrupts[0])
                answer = await answers.look_up(self.store, question)
                if answer is None:
                    return await self._rest(migration, question)
                await self.store.questions.close(migration.id, question.key)
                step = _resume(snapshot.interrupts[0], answer)
            elif not snapshot.tasks:  # `next` is empty as well where a kill came between a node's end and its checkpoint
                step = _first_input(snapshot, migration)
            await self._graph.ainvoke(step, thread, context=self._deps, durability="sync")
            migration = await self.store.migrations.get(migration.id)
        if migration.status is MigrationStatus.PAUSED:
            return await self.store.questions.pending(migration.id)
        await self._forget(migration.id)
        return None

    async def _asked(self, migration: Migration, interrupt: "Interrupt[Any]") -> Question:
        """The question row of a gate, written when the gate is first seen waiting; the bot shows its card."""
        value = interrupt.value
        question = Question(
            migration_id=migration.id,
            key=value["key"],
            kind=QuestionKind(value["kind"]),
            subject=value["subject"],
            asked_at=self._clock(),
        )
        return await self.store.questions.ask(question)

    async def _rest(self, migration: Migration, question: Question) -> Question:
        """Nothing to do but wait. A failed run is a problem to repair; without one, nobody is stuck any more."""
        if question.kind is QuestionKind.RUNS:
            runs = await self.store.runs.listed(migration.id, stage=question.subject)
            failed = [run.problem or run.label for run in runs if run.status is RunStatus.FAILED]
            if failed:
                await self.store.migrations.stick(migration.id, failed[0], by=FERRY)
                return question
        if migration.status is MigrationStatus.STUCK:
            await self.store.migrations.set_status(migration.id, MigrationStatus.OPEN, by=FERRY)
        return question

    async def _forget(self, migration_id: str) -> None:
        """The facts tell the whole story; the position of an ended migration is of no use."""
        saver: Any = self._graph.checkpointer
        await saver.adelete_thread(thread_id(migration_id))

    @asynccontextmanager
    async def _alone(self, migration_id: str) -> AsyncIterator[None]:
        """One mover at a time: a lock in this process, a lease row against the others, extended while the move lasts."""
        name = f"advance:{migration_id}"
        lock = self._locks.setdefault(migration_id, asyncio.Lock())
        async with lock:
            await self._take(name)
            keeper = asyncio.create_task(self._keep(name))
            try:
                yield
            finally:
                keeper.cancel()
                await asyncio.wait([keeper])
                await self.store.leases.release(name, self._holder)

    async def _take(self, name: str) -> None:
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while not await self.store.leases.take(name, self._holder, LEASE_S, self._clock()):
            if asyncio.get_running_loop().time() > until:
                raise TemporaryError("Another process is working on this migration right now. Try again in a moment.")
            await asyncio.sleep(POLL_S)

    async def _keep(self, name: str) -> None:
        while True:
            await asyncio.sleep(EXTEND_S)
            outcome = await attempt(self.store.leases.take(name, self._holder, LEASE_S, self._clock()), lease=name)
            if outcome is not True:
                log.warning("lease not extended", lease=name)


def _resume(interrupt: "Interrupt[Any]", answer: str) -> Any:  # noqa: ANN401  langgraph's Command, imported late
    from langgraph.types import Command

    return Command(resume={interrupt.id: answer})


def _first_input(snapshot: "StateSnapshot", migration: Migration) -> Any:  # noqa: ANN401
    """A thread that was never started gets its input; one that ended without ending its migration starts from the facts."""
    if snapshot.created_at:
        log.warning("thread ended before its migration", migration=migration.id)
    return {"migration_id": migration.id}


@asynccontextmanager
async def open_conversation(
    places: Places,
    store: Store,
    engine: Engine,
    *,
    clock: Callable[[], datetime] = utc_now,
    holder: str | None = None,
    cron: str = CRON,
    timezone: str = TIMEZONE,
    catalog: Catalog | None = None,
    writer: str = "",
) -> AsyncIterator[Conversation]:
    """A conversation on the checkpoints of `places`; `cron` and `timezone` are for the monitors that sign-offs start.

    `catalog` is what plans know of models; without one they go by the snapshot. `writer` is the operator's model that writes
    prompts.
    """
    from agent.checkpoints import open_checkpoints
    from agent.graph import build
    from agent.nodes import Deps

    async with open_checkpoints(places) as saver:
        deps = Deps(store=store, engine=engine, cron=cron, timezone=timezone, catalog=catalog or Catalog(), writer=writer)
        yield Conversation(store, build(saver), deps, clock, holder=holder)
