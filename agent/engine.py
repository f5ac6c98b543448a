"""The port to the engine that does long work, and its client. The work itself is in `agent.worker`, in another process.

Work is level-triggered: a submission says what to look after, never what was found so far, and doing it twice is harmless.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

QUEUE, CHUNKS = "ferry", "ferry-chunks"
"""Chunks have a queue of their own: a slow model never keeps a dataset or a report waiting."""
APPLICATION_VERSION = "1"
"""Says which workers may continue whose work; changes only when the arguments of a kind of work change."""


class WorkKind(StrEnum):
    """What can be submitted, with its arguments. The values are names of durable workflows: never change one."""

    INGEST = "ingest"  # upload id
    CONVERT = "convert"  # migration id, round
    RUN = "run"  # run id
    CHUNK = "chunk"  # run id, first sample, sample after the last one
    BATCH = "batch"  # run id, first sample, sample after the last one
    JUDGE = "judge"  # run id, first sample, sample after the last one
    ERRORS = "errors"  # migration id, round
    CORRECT = "correct"  # migration id, round, reference check id
    REPORT = "report"  # migration id, number
    DIGEST = "digest"  # monitor id, tick
    TRIAL = "trial"  # migration id, plan number
    EVALUATE = "evaluate"  # run id, part
    IMPROVE = "improve"  # migration id, round, target
    PROPOSE = "propose"  # migration id, round, turn
    ROUND = "round"  # migration id, round, turn
    TRY = "try"  # try id
    ADVPO = "advpo"  # migration id, round, target, attempt
    PUBLISH = "publish"  # migration id, name in prompt management
    LIFECYCLE = "lifecycle"  # monitor id, day


PIECES = frozenset({WorkKind.CHUNK, WorkKind.JUDGE})


class Engine(Protocol):
    """Does work later, elsewhere, at least once."""

    async def submit(self, kind: WorkKind, key: str, *args: str) -> None:
        """Make sure that the work of this `key` is queued or running; a no-op while it is, a new turn once it has ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A piece of work that a worker has begun and not ended. `executor` is what that worker calls itself to DBOS."""

    id: str
    executor: str
    kind: WorkKind
    key: str
    args: tuple[str, ...]


class DbosEngine:
    """Submits to DBOS (https://docs.dbos.dev/python/reference/client); connects on first use, so that a process starts fast.

    The key, after its kind, is DBOS's deduplication id, which is held while a workflow is queued or running and freed at its end.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: DBOSClient | None = None
        self._connecting = asyncio.Lock()

    async def submit(self, kind: WorkKind, key: str, *args: str) -> None:
        """Queue the work unless it is queued or running. Waits for a database that is away; raises nothing of its own."""
        client = await self.connect()
        await client.enqueue_async(
            {
                "workflow_name": kind.value,
                "queue_name": CHUNKS if kind in PIECES else QUEUE,
                "app_version": APPLICATION_VERSION,
                "deduplication_id": f"{kind}:{key}",
                "duplication_policy": "return-existing",
            },
            *args,
        )

    async def begun(self) -> Sequence[Begun]:
        """What is being worked on, by whomever, dead or alive."""
        client = await self.connect()
        found = await client.list_workflows_async(status="PENDING", app_version=APPLICATION_VERSION, load_output=False)
        return [_begun(status) for status in found if status.name in set(WorkKind)]

    async def queue_again(self, work: Begun) -> None:
        """Take work from a worker that will not end it, and have it done from its beginning.

        DBOS's `resume_workflows` would forget the key, and the same work could be submitted beside it: so it is cancelled and
        queued anew. Whoever dies between the two leaves it to the sweep.
        """
        client = await self.connect()
        await client.cancel_workflow_async(work.id)
        await self.submit(work.kind, work.key, *work.args)

    async def connect(self) -> "DBOSClient":
        """The client, connected; its tables are made if the worker has not started yet."""
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(_open, self._url)
            return self._client

    async def close(self) -> None:
        if self._client is not None:
            await asyncio.to_thread(self._client.destroy)
            self._client = None


def _begun(status: "WorkflowStatus") -> Begun:
    given = status.input["args"] if status.input else ()
    key = (status.deduplication_id or status.workflow_id).removeprefix(f"{status.name}:")
    return Begun(id=status.workflow_id, executor=status.executor_id or "", kind=WorkKind(status.name), key=key, args=tuple(given))


def _open(url: str) -> "DBOSClient":
    from dbos import DBOS, DBOSClient

    DBOS.migrate(url)
    return DBOSClient(system_database_url=url, application_name="ferry")
