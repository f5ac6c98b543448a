"""Runs, their outputs and scores. One committed row per output, so that a crash loses at most what was in flight."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, Select, Text, and_, case, delete, exists, false, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import progress_card, status_card
from db.records import RESTING, MessageKind, Run, RunStatus, RunUse
from db.store.cards import bump, bump_status, post, prompt_cards
from db.store.migrations import found
from db.store.noun import Noun
from db.store.rows import Values, insert_fresh, insert_new, record, upsert, values
from db.tables import migrations, outputs, runs, samples, scores
from pipeline.errors import RefusedError
from pipeline.metrics.judge.port import RETRYABLE
from pipeline.records import Failure, Lane, Output, RunKey, RunResult, Score, Spent, Usage

R, OUT, S = runs.c, outputs.c, scores.c
UNFINISHED = (RunStatus.QUEUED, RunStatus.RUNNING)


class Runs(Noun):
    async def add(self, run: Run) -> Run:
        """The run with this key in this stage; the first time, outside monitoring, with the progress message of the stage."""
        async with self.db.write() as tx:
            if await insert_new(tx, runs, values(run, "key") | values(run.key)):
                await _show(tx, run)
            return _run((await tx.execute(_same(run))).one())

    async def get(self, run_id: str) -> Run:
        """Raises RefusedError for an unknown id."""
        async with self.db.read() as tx:
            return await _get(tx, run_id)

    async def listed(self, migration_id: str, stage: str | None = None) -> tuple[Run, ...]:
        """Runs of a migration, or of one stage of it, by label."""
        query = select(runs).where(R.migration_id == migration_id).order_by(R.stage, R.label, R.id)
        return await self._all(query if stage is None else query.where(R.stage == stage))

    async def unfinished(self) -> tuple[Run, ...]:
        """What a worker has to go on with: queued and running, of migrations that are not paused, cancelled or rejected."""
        going_on = migrations.c.status.not_in(RESTING)
        return await self._all(select(runs).join(migrations).where(R.status.in_(UNFINISHED), going_on).order_by(R.id))

    async def _all(self, query: Select[Any]) -> tuple[Run, ...]:
        async with self.db.read() as tx:
            return tuple(_run(row) for row in await tx.execute(query))

    async def stored_ids(self, run_id: str, of: Collection[str] | None = None) -> frozenset[str]:
        """Ids of the samples that have an output: all, or those among `of`."""
        some = true() if of is None else OUT.sample_id.in_(of)
        async with self.db.read() as tx:
            return frozenset((await tx.scalars(select(OUT.sample_id).where(OUT.run_id == run_id, some))).all())

    async def save(self, run_id: str, given: Sequence[Output], scored: Sequence[Score]) -> None:
        """Store outputs and scores. The first output of a sample stands, with its scores; what comes later for it is ignored.

        Scores of samples that are not among `given` replace what was stored: that is how a run is scored again.
        """
        async with self.db.write() as tx:
            fresh = await _add(tx, run_id, given)
            late = {output.sample_id for output in given} - {output.sample_id for output in fresh}
            await upsert(tx, scores, [score_values(run_id, s) for s in scored if s.sample_id not in late])
            await bump(tx, await _count(tx, run_id, fresh))

    async def unscored(self, run_id: str, metrics: Collection[str]) -> frozenset[str]:
        """Ids of the samples whose output lacks a score, or the reason why there is none, in any of these metrics."""
        async with self.db.read() as tx:
            return frozenset((await tx.scalars(_unscored(run_id, metrics))).all())

    async def is_scored(self, run_id: str, metrics: Collection[str]) -> bool:
        """Whether no output lacks a score, or the reason why there is none; stops at the first that does."""
        async with self.db.read() as tx:
            return (await tx.execute(_unscored(run_id, metrics).limit(1))).first() is None

    async def scored(self, stage_runs: Collection[str], metrics: Collection[str]) -> int:
        """How many cells of these runs and metrics have a score or the reason why there is none."""
        counted = select(func.count()).select_from(scores).where(S.run_id.in_(stage_runs), S.metric.in_(metrics))
        async with self.db.read() as tx:
            return int(await tx.scalar(counted) or 0)

    async def forget_scores(self, run_id: str, metrics: Collection[str], failed_at: Collection[str] = ()) -> None:
        """Delete the scores of `metrics`, and of `failed_at` the cells at which a judge failed in a way that may pass."""
        may_pass = or_(*(S.unscored.startswith(f"judge {kind}:") for kind in sorted(RETRYABLE)))
        gone = or_(S.metric.in_(metrics), and_(S.metric.in_(failed_at), may_pass))
        async with self.db.write() as tx:
            await tx.execute(delete(scores).where(S.run_id == run_id, gone))

    async def used(self, run_ids: Sequence[str]) -> tuple[RunUse, ...]:
        """What the stored outputs and scores of these runs took of models, in the order given."""
        async with self.db.read() as tx:
            answered = {row.run_id: row for row in await tx.execute(_answered(run_ids))}
            judged = {row.run_id: row for row in await tx.execute(_judged(run_ids))}
        return tuple(_use(run_id, answered.get(run_id), judged.get(run_id)) for run_id in run_ids)

    async def retried(self, run_ids: Sequence[str]) -> tuple[int, int]:
        """How many calls of these runs were made again, and how many outputs met a throttle on the way."""
        met = func.sum(case((OUT.retried.cast(Text).contains('"throttled"', autoescape=True), 1), else_=0))
        counted = select(func.sum(OUT.attempts - 1), met).where(OUT.run_id.in_(run_ids), OUT.attempts > 1)
        async with self.db.read() as tx:
            again, throttled = (await tx.execute(counted)).one()
        return int(again or 0), int(throttled or 0)

    async def extend(self, run_id: str, total: int) -> None:
        """Let a run cover `total` samples; a run that covers as many already stays as it is."""
        async with self.db.write() as tx:
            longer = update(runs).where(R.id == run_id, R.total < total).values(total=total, status=RunStatus.QUEUED)
            if (await tx.execute(longer.returning(R.id))).first() is not None:
                await _bump(tx, run_id)

    async def reopen(self, run_id: str) -> None:
        """Let a finished run go on, because a later plan asks for more scores of the same outputs."""
        async with self.db.write() as tx:
            finished = update(runs).where(R.id == run_id, R.status == RunStatus.DONE)
            if (await tx.execute(finished.values(status=RunStatus.RUNNING).returning(R.id))).first() is not None:
                await _bump(tx, run_id)

    async def outputs(self, run_id: str, of: Collection[str] | None = None) -> tuple[Output, ...]:
        """Stored outputs by sample id: all, or those of the samples `of`."""
        async with self.db.read() as tx:
            return await _outputs(tx, run_id, of)

    async def answer(self, run_id: str, sample_id: str) -> str | None:
        """What one sample was answered; None for no answer."""
        async with self.db.read() as tx:
            text: str | None = await tx.scalar(select(OUT.text_zstd).where(OUT.run_id == run_id, OUT.sample_id == sample_id))
        return text

    async def scores(self, run_id: str, of: Collection[str] | None = None) -> tuple[Score, ...]:
        """Stored scores by metric and sample id: all, or those of the samples `of`."""
        async with self.db.read() as tx:
            return await _scores(tx, run_id, of)

    async def finish(self, run_id: str) -> bool:
        """True when every sample has an output: for the caller that completed the run and for whoever comes after it."""
        complete = and_(R.id == run_id, R.status.in_(UNFINISHED), R.stored >= R.total)
        async with self.db.write() as tx:
            if (await tx.execute(update(runs).where(complete).values(status=RunStatus.DONE).returning(R.id))).first() is not None:
                await _bump(tx, run_id, *await _prompt_cards(tx, run_id))
            return (await _get(tx, run_id)).status is RunStatus.DONE

    async def fail(self, run_id: str, problem: str) -> None:
        """Stop a run that cannot go on; `problem` says why and the way out. A finished run stays finished."""
        going = and_(R.id == run_id, R.status.in_(UNFINISHED))
        async with self.db.write() as tx:
            failing = update(runs).where(going).values(status=RunStatus.FAILED, problem=problem).returning(R.id)
            if (await tx.execute(failing)).first() is not None:
                await _bump(tx, run_id)

    async def retry(self, run_id: str) -> Run:
        """Queue a failed run, or one with failed outputs, once more: failures are forgotten, answers stay. Else nothing."""
        async with self.db.write() as tx:
            run = await _get(tx, run_id, lock=True)
            if run.status is RunStatus.FAILED or (run.status is RunStatus.DONE and run.failed):
                await tx.execute(delete(outputs).where(OUT.run_id == run_id, OUT.failure_kind.is_not(None)))
                again = {
                    "status": RunStatus.QUEUED,
                    "attempt": R.attempt + 1,
                    "stored": R.stored - R.failed,
                    "failed": 0,
                    "problem": None,
                }
                await tx.execute(update(runs).where(R.id == run_id).values(**again))
                await _bump(tx, run_id)
            return await _get(tx, run_id)

    async def result(self, run_id: str) -> RunResult:
        """The run as comparisons and reports need it, with the hash of every input it was given."""
        async with self.db.read() as tx:
            run = await _get(tx, run_id)
            inputs = select(samples.c.sample_id, samples.c.input_hash).where(
                samples.c.dataset_id == run.dataset_id, samples.c.split == run.key.split
            )
            hashes = {row.sample_id: row.input_hash for row in await tx.execute(inputs)}
            given, scored = await _outputs(tx, run_id), await _scores(tx, run_id)
        return RunResult(key=run.key, label=run.label, outputs=given, scores=scored, input_hashes=hashes)


def _answered(run_ids: Sequence[str]) -> Select[Any]:
    """Calls, tokens and calls without token counts by run; a call that failed without any counts as free."""
    metered, answered = OUT.input_tokens.is_not(None), OUT.failure_kind.is_(None)
    unmetered = func.sum(case((and_(answered, ~metered), 1), else_=0)).label("unmetered")
    counted = (
        func.count().label("calls"),
        func.sum(OUT.input_tokens).label("input"),
        func.sum(OUT.output_tokens).label("output"),
        func.sum(OUT.usd).label("usd"),
        func.count(OUT.usd).label("charged"),
    )
    paid = and_(OUT.run_id.in_(run_ids), or_(metered, answered))
    return select(OUT.run_id, *counted, unmetered).where(paid).group_by(OUT.run_id)


def _judged(run_ids: Sequence[str]) -> Select[Any]:
    sums = (func.sum(S.calls).label("calls"), func.sum(S.input_tokens).label("input"), func.sum(S.output_tokens).label("output"))
    return select(S.run_id, *sums).where(S.run_id.in_(run_ids), S.calls.is_not(None)).group_by(S.run_id)


def _use(run_id: str, answered: Row[Any] | None, judged: Row[Any] | None) -> RunUse:
    unmetered = int(answered.unmetered) if answered else 0
    usd = float(answered.usd) if answered and answered.charged == answered.calls else None
    return RunUse(run_id=run_id, answered=_spent(answered), unmetered=unmetered, judged=_spent(judged), usd=usd)


def _spent(row: Row[Any] | None) -> Spent:
    return Spent(calls=int(row.calls), input_tokens=int(row.input or 0), output_tokens=int(row.output or 0)) if row else Spent()


def _same(run: Run) -> Select[Any]:
    key = run.key
    return select(runs).where(
        R.migration_id == run.migration_id, R.stage == run.stage, R.model == key.model, R.prompt_hash == key.prompt_hash,
        R.split == key.split, R.purpose == key.purpose,
    )  # fmt: skip


def _run(row: Row[Any]) -> Run:
    return record(Run, row, key=record(RunKey, row))


async def _get(tx: AsyncConnection, run_id: str, *, lock: bool = False) -> Run:
    query = select(runs).where(R.id == run_id)
    row = (await tx.execute(query.with_for_update(key_share=True) if lock else query)).first()
    if row is None:
        raise RefusedError("This run is not known here. The status card shows the runs of this migration.")
    return _run(row)


async def _show(tx: AsyncConnection, run: Run) -> None:
    migration = await found(tx, run.migration_id)
    if not run.stage.startswith("monitor:"):
        key = progress_card(migration.id, run.stage)
        await post(tx, key, migration_id=migration.id, channel=migration.channel, kind=MessageKind.PROGRESS, subject=run.stage)
    await bump_status(tx, migration.id)


async def _bump(tx: AsyncConnection, run_id: str, *more: str) -> None:
    run = await _get(tx, run_id)
    await bump(tx, progress_card(run.migration_id, run.stage), status_card(run.migration_id), *more)


async def _prompt_cards(tx: AsyncConnection, run_id: str) -> tuple[str, ...]:
    """The messages that show a candidate's figures: the candidates of its number, and the question whether to use them."""
    run = await _get(tx, run_id)
    stage, _, number = run.stage.partition(":")
    if stage != "candidates":
        return ()
    return await prompt_cards(tx, run.migration_id, int(number))


async def _add(tx: AsyncConnection, run_id: str, given: Sequence[Output]) -> tuple[Output, ...]:
    """Stores the first output of each sample that has none yet. In one order, so that two writers never wait for each other."""
    first = {output.sample_id: output for output in reversed(given)}
    rows = [_output_values(run_id, first[sample_id]) for sample_id in sorted(first)]
    return tuple(first[sample_id] for sample_id in await insert_fresh(tx, outputs, rows, OUT.sample_id))


async def _count(tx: AsyncConnection, run_id: str, fresh: Collection[Output]) -> str:
    """The key of the message that shows where the run stands. Raises RefusedError for an unknown id."""
    failed = sum(output.failure is not None for output in fresh)
    started = case((R.status == RunStatus.QUEUED, RunStatus.RUNNING), else_=R.status)
    counted = update(runs).where(R.id == run_id).values(stored=R.stored + len(fresh), failed=R.failed + failed, status=started)
    row = (await tx.execute(counted.returning(R.migration_id, R.stage))).first()
    known = row if row is not None else await _get(tx, run_id)
    return progress_card(known.migration_id, known.stage)


def _output_values(run_id: str, output: Output) -> Values:
    usage, failure = output.usage, output.failure
    return values(output, "text", "usage", "failure") | {
        "run_id": run_id,
        "text_zstd": output.text,
        "input_tokens": usage.input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "cache_read_tokens": usage.cache_read_tokens if usage else None,
        "cache_write_tokens": usage.cache_write_tokens if usage else None,
        "failure_kind": failure.kind if failure else None,
        "failure_code": failure.code if failure else None,
        "failure_message": failure.message if failure else None,
    }


def read_output(row: Row[Any]) -> Output:
    return record(Output, row, text=row.text_zstd, usage=_usage(row), failure=_failure(row), lane=Lane(row.lane))


def _usage(row: Row[Any]) -> Usage | None:
    if row.input_tokens is None:
        return None
    return Usage(
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cache_read_tokens=row.cache_read_tokens or 0,
        cache_write_tokens=row.cache_write_tokens or 0,
    )


def _failure(row: Row[Any]) -> Failure | None:
    if row.failure_kind is None:
        return None
    return Failure(kind=row.failure_kind, message=row.failure_message, code=row.failure_code or "")


def _unscored(run_id: str, metrics: Collection[str]) -> Select[Any]:
    """One look-up by the whole key for each metric: a planner without statistics reads the run's scores anew for each output."""
    of_it = [and_(S.run_id == OUT.run_id, S.metric == metric, S.sample_id == OUT.sample_id) for metric in sorted(set(metrics))]
    lacks = or_(false(), *(~exists().where(each) for each in of_it))
    return select(OUT.sample_id).where(OUT.run_id == run_id, lacks)


async def _outputs(tx: AsyncConnection, run_id: str, of: Collection[str] | None = None) -> tuple[Output, ...]:
    """Sorted here: databases sort texts differently, and a report must not depend on the database."""
    some = true() if of is None else OUT.sample_id.in_(of)
    rows = await tx.execute(select(outputs).where(OUT.run_id == run_id, some))
    return tuple(sorted((read_output(row) for row in rows), key=lambda output: output.sample_id))


def score_values(run_id: str, score: Score) -> Values:
    """A score as the row of a run."""
    spent = score.spent
    return values(score, "spent") | {
        "run_id": run_id,
        "calls": spent.calls if spent else None,
        "input_tokens": spent.input_tokens if spent else None,
        "output_tokens": spent.output_tokens if spent else None,
    }


def read_score(row: Row[Any]) -> Score:
    return record(Score, row, spent=None if row.calls is None else record(Spent, row))


async def _scores(tx: AsyncConnection, run_id: str, of: Collection[str] | None = None) -> tuple[Score, ...]:
    some = true() if of is None else S.sample_id.in_(of)
    stored = [read_score(row) for row in await tx.execute(select(scores).where(S.run_id == run_id, some))]
    return tuple(sorted(stored, key=lambda score: (score.metric, score.sample_id)))
