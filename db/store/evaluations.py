"""Second opinions: which jobs of a service are about which cells. What they say is stored with the scores of the run."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, update

from db.keys import progress_card
from db.records import RESTING, EvaluationJob, JobState
from db.store.cards import bump
from db.store.noun import Noun
from db.store.rows import Values, insert_missing, record, upsert, values
from db.store.runs import UNFINISHED, score_values
from db.tables import evaluation_jobs, migrations, runs, scores
from pipeline.hashing import canonical_json
from pipeline.records import Score

J, R = evaluation_jobs.c, runs.c
OPEN = (JobState.QUEUED, JobState.RUNNING)


class Evaluations(Noun):
    async def plan(self, jobs: Sequence[EvaluationJob]) -> bool:
        """Add jobs of one run; False, and nothing is added, when others were planned since these were numbered."""
        run_id = jobs[0].run_id
        async with self.db.write() as tx:
            await tx.execute(select(R.id).where(R.id == run_id).with_for_update(key_share=True))
            there = await tx.scalar(select(func.count()).select_from(evaluation_jobs).where(J.run_id == run_id))
            if there != jobs[0].part:
                return False
            await insert_missing(tx, evaluation_jobs, [_values(job) for job in jobs])
        return True

    async def of(self, run_id: str) -> tuple[EvaluationJob, ...]:
        """The jobs of a run by part."""
        return await self._all(select(evaluation_jobs).where(J.run_id == run_id).order_by(J.part))

    async def unfinished(self) -> tuple[EvaluationJob, ...]:
        """What somebody waits for: open jobs of unfinished runs, of migrations that are not paused, cancelled or rejected."""
        going_on = migrations.c.status.not_in(RESTING), R.status.in_(UNFINISHED), J.state.in_(OPEN)
        query = select(evaluation_jobs).join(runs, R.id == J.run_id).join(migrations, migrations.c.id == J.migration_id)
        return await self._all(query.where(*going_on).order_by(J.run_id, J.part))

    async def begin(self, job_id: str, job: str, at: datetime) -> None:
        """The service has it, under this name; the first one stands."""
        waiting = update(evaluation_jobs).where(J.id == job_id, J.state == JobState.QUEUED)
        async with self.db.write() as tx:
            await tx.execute(waiting.values(state=JobState.RUNNING, job=job, at=at, problem=None))

    async def delay(self, job_id: str, problem: str) -> None:
        """What is in the way of an open job for now."""
        async with self.db.write() as tx:
            await tx.execute(update(evaluation_jobs).where(J.id == job_id, J.state.in_(OPEN)).values(problem=problem))

    async def finish(self, job: EvaluationJob, given: Sequence[Score], problem: str | None = None) -> None:
        """Store what it said of each of its cells, or why it says nothing; the first end of a job stands."""
        state = JobState.FAILED if problem else JobState.DONE
        ending = update(evaluation_jobs).where(J.id == job.id, J.state.in_(OPEN)).values(state=state, problem=problem)
        async with self.db.write() as tx:
            stage = str(await tx.scalar(select(R.stage).where(R.id == job.run_id).with_for_update(key_share=True)))
            if (await tx.execute(ending.returning(J.id))).first() is not None:
                await upsert(tx, scores, [score_values(job.run_id, score) for score in given])
                await bump(tx, progress_card(job.migration_id, stage))

    async def _all(self, query: Select[Any]) -> tuple[EvaluationJob, ...]:
        async with self.db.read() as tx:
            return tuple(_job(row) for row in await tx.execute(query))


def _values(job: EvaluationJob) -> Values:
    asked = canonical_json({"metrics": job.metrics, "samples": job.samples})
    return values(job, "metrics", "samples") | {"id": job.id, "result_zstd": asked}


def _job(row: Row[Any]) -> EvaluationJob:
    asked = json.loads(row.result_zstd)
    return record(EvaluationJob, row, metrics=tuple(asked["metrics"]), samples=tuple(asked["samples"]))
