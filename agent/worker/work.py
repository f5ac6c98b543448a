"""What is done for each kind of work, and what is done when that fails. Every function is idempotent and level-triggered."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from agent import arms
from agent.engine import WorkKind
from agent.told import FERRY
from agent.worker import (
    advpo,
    batches,
    convert,
    digest,
    errors,
    improve,
    ingest,
    lifecycle,
    proposing,
    publish,
    report,
    runs,
    trial,
    tries,
    turn,
)
from agent.worker.boundary import Trouble, attempt, persist
from agent.worker.purse import RestingError, paying
from agent.worker.tools import Tools

OF_RUNS = frozenset({WorkKind.RUN, WorkKind.CHUNK, WorkKind.BATCH, WorkKind.JUDGE, WorkKind.EVALUATE})
OF_MIGRATIONS = frozenset(
    {WorkKind.CONVERT, WorkKind.ERRORS, WorkKind.TRIAL, WorkKind.IMPROVE, WorkKind.PROPOSE, WorkKind.ROUND, WorkKind.REPORT}
)
TRIES = 3
"""Of the whole work, on errors nobody foresaw: a database that restarts is back by then, a bug is not."""


@dataclass(frozen=True, slots=True)
class Work:
    """`do(tools, *args)`, and `failed(tools, sentence, *args)` where people are told."""

    do: Callable[..., Awaitable[None]]
    failed: Callable[..., Awaitable[None]]


async def _stuck(tools: Tools, sentence: str, migration_id: str, *_args: str) -> None:
    await tools.store.migrations.stick(migration_id, sentence, by=FERRY)


WORK: Mapping[WorkKind, Work] = {
    WorkKind.INGEST: Work(ingest.ingest, ingest.failed),
    WorkKind.CONVERT: Work(convert.convert, _stuck),
    WorkKind.RUN: Work(runs.start, runs.failed),
    WorkKind.CHUNK: Work(runs.chunk, runs.failed),
    WorkKind.BATCH: Work(batches.look, runs.failed),
    WorkKind.JUDGE: Work(runs.judged, runs.judging_failed),
    WorkKind.ERRORS: Work(errors.errors, errors.errors_failed),
    WorkKind.CORRECT: Work(errors.correct, errors.correct_failed),
    WorkKind.REPORT: Work(report.report, _stuck),
    WorkKind.DIGEST: Work(digest.digest, digest.failed),
    WorkKind.EVALUATE: Work(runs.evaluated, runs.unevaluated),
    WorkKind.PUBLISH: Work(publish.publish, publish.failed),
    WorkKind.TRIAL: Work(trial.trial, trial.failed),
    WorkKind.IMPROVE: Work(improve.improve, improve.failed),
    WorkKind.PROPOSE: Work(proposing.propose, proposing.failed),
    WorkKind.ROUND: Work(turn.take, turn.failed),
    WorkKind.TRY: Work(tries.attempt, tries.failed),
    WorkKind.ADVPO: Work(advpo.look, advpo.failed),
    WorkKind.LIFECYCLE: Work(lifecycle.lifecycle, lifecycle.failed),
}


async def _paid(tools: Tools, kind: WorkKind, args: tuple[str, ...]) -> None:
    """The work, its calls charged to the migration it is for. Where the budget ends it, a person has been told already."""
    with paying(await _payer(tools, kind, args)), suppress(RestingError):
        await WORK[kind].do(tools, *args)


async def _payer(tools: Tools, kind: WorkKind, args: tuple[str, ...]) -> str:
    """Whose budget it is; monitoring goes on after a migration is over, and has none."""
    if kind in OF_RUNS:
        run = await tools.store.runs.get(args[0])
        return "" if arms.digest_of(run) else run.migration_id
    if kind is WorkKind.TRY:
        return (await tools.store.tries.get(args[0])).migration_id
    return args[0] if kind in OF_MIGRATIONS else ""


async def perform(tools: Tools, kind: WorkKind, args: tuple[str, ...]) -> None:
    """Do one piece of work. Never raises: what cannot be told to people either is left to the next sweep.

    In a process that stops it never returns, so that the engine keeps the work for the next start.
    """
    if tools.stopping.is_set():
        await asyncio.Event().wait()
    work, about = WORK[kind], {"kind": kind.value, "of": " ".join(args)}
    outcome = await attempt(persist(lambda: _paid(tools, kind, args), tries=TRIES, **about), **about)
    if isinstance(outcome, Trouble):
        await attempt(work.failed(tools, outcome.sentence, *args), **about)
