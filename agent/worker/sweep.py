"""Compares the facts with what must be going on and submits it again: after a start, a lost submission, a pause.

Level-triggered and idempotent: what is queued or running already is not touched.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from agent import advpo, answers, arms, told, turns
from agent.engine import WorkKind
from agent.worker.tools import Tools
from db.keys import errors_card, problem_of
from db.records import JobState, Migration, Question, QuestionKind

SELDOM = 32
LOOK = timedelta(minutes=1)
"""Between two looks at a job of another service."""
MEASURED = frozenset({QuestionKind.REVIEW, QuestionKind.REPORT, QuestionKind.SIGN_OFF})
"""Questions that are asked once the targets of their round are measured."""


class Sweep:
    """One look over everything unfinished; remembers how far each run was, to leave alone what is moving."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._seen: dict[str, tuple[int, int]] = {}  # run id: outputs stored, looks since the last new one
        self._looked: dict[str, datetime] = {}  # job of another service: when it was submitted last
        self._looks: Counter[str] = Counter()  # how often something else was found missing, by what it is

    async def __call__(self) -> None:
        await self._runs()
        await self._jobs()
        for asked in await self._tools.store.tries.waiting():
            await self._seldom(WorkKind.TRY, asked.id)
        for migration in await self._tools.store.migrations.active():
            await self._uploads(migration)
            await self._migration(migration)
        for digest in await self._tools.store.monitors.expired(self._tools.clock()):
            key = f"{digest.monitor_id}:{digest.tick}"
            await self._tools.engine.submit(WorkKind.DIGEST, key, digest.monitor_id, digest.tick)

    async def _runs(self) -> None:
        """A run that is new here or stands still: at once, then ever more seldom, because most only wait for their model."""
        seen: dict[str, tuple[int, int]] = {}
        for run in await self._tools.store.runs.unfinished():
            stored, quiet = self._seen.get(run.id, (run.stored, -1))
            seen[run.id] = (run.stored, quiet + 1 if stored == run.stored else 0)
            if stored == run.stored and _is_due(quiet + 1):
                await self._tools.engine.submit(WorkKind.RUN, run.id, run.id)
        self._seen = seen

    async def _jobs(self) -> None:
        """Jobs of other services: second opinions and optimisations under way, batch jobs that nobody wants any more."""
        before, self._looked = self._looked, {}
        for job in await self._tools.store.evaluations.unfinished():
            if self._is_time(before, job.id):
                await self._tools.engine.submit(WorkKind.EVALUATE, job.id, job.run_id, str(job.part))
        for batch in await self._tools.store.batches.unwanted():
            key = f"{batch.run_id}:{batch.job.low}:{batch.job.high}"
            if self._is_time(before, key):
                await self._tools.engine.submit(WorkKind.BATCH, key, batch.run_id, str(batch.job.low), str(batch.job.high))
        for asked in await self._tools.store.advpo.unfinished():
            if self._is_time(before, f"{asked.id}:{asked.stopped_by or ''}"):
                await advpo.submit(self._tools.engine, asked)

    def _is_time(self, before: Mapping[str, datetime], name: str) -> bool:
        """Once in LOOK for each name."""
        now, last = self._tools.clock(), before.get(name)
        self._looked[name] = now if last is None or now - last >= LOOK else last
        return self._looked[name] is not last

    async def _uploads(self, migration: Migration) -> None:
        for upload in await self._tools.store.datasets.uploads(migration.id):
            if upload.state == "waiting":
                await self._tools.engine.submit(WorkKind.INGEST, upload.id, upload.id)

    async def _migration(self, migration: Migration) -> None:
        """Move what has its answer or was cut short in a move; else submit what the answer comes from."""
        question = await self._tools.store.questions.pending(migration.id)
        if question is None or await answers.look_up(self._tools.store, question) is not None:
            await self._tools.conversation.advance(migration.id)
        else:
            await self._resubmit(question)
            await self._beside(question)

    async def _resubmit(self, question: Question) -> None:
        if question.kind is QuestionKind.REPORT:
            await self._submit(WorkKind.REPORT, question.migration_id, question.subject)
        elif question.kind is QuestionKind.IMPROVED:
            for search in await self._tools.store.improvements.of(question.migration_id, int(question.subject)):
                if search.state in {JobState.QUEUED, JobState.RUNNING}:
                    await self._submit(WorkKind.IMPROVE, question.migration_id, question.subject, search.target)
        elif question.kind is QuestionKind.RUNS and question.subject.startswith(f"{arms.CANDIDATES}:"):
            await self._candidates(question)

    async def _candidates(self, question: Question) -> None:
        """The work that makes the candidates whose runs are waited for: the conversion, or the turn that was asked for last."""
        store, number = self._tools.store, question.subject.partition(":")[2]
        if not await answers.has_candidates(store, question):
            await self._submit(WorkKind.CONVERT, question.migration_id, number)
        elif not await turns.are_made(store, question.migration_id, int(number)):
            turn = await turns.asked(store, question.migration_id, int(number))
            await self._submit(WorkKind.ROUND, question.migration_id, number, str(turn))

    async def _submit(self, kind: WorkKind, *args: str) -> None:
        await self._tools.engine.submit(kind, ":".join(args), *args)

    async def _beside(self, question: Question) -> None:
        """What goes on beside a question without being its answer: the errors of a measured round, a trial under way."""
        migration_id, number = question.migration_id, question.key.rpartition(":")[2]
        if question.kind in MEASURED and await self._tools.store.messages.get(errors_card(migration_id, int(number))) is None:
            await self._seldom(WorkKind.ERRORS, migration_id, number)
        elif question.kind is QuestionKind.PLAN and await self._is_tried(migration_id, int(number)):
            await self._seldom(WorkKind.TRIAL, migration_id, number)
        elif question.kind is QuestionKind.PROMPTS:
            turn = await turns.asked(self._tools.store, migration_id, int(question.subject)) + 1
            if await turns.unproposed(self._tools.store, migration_id, int(question.subject), turn):
                await self._seldom(WorkKind.PROPOSE, migration_id, question.subject, str(turn))

    async def _is_tried(self, migration_id: str, number: int) -> bool:
        """Whether a trial was begun and neither ended nor failed; one that failed waits for its button."""
        waiting = any(trial.scores is None for trial in await self._tools.store.trials.of(migration_id, number))
        problem = await self._tools.store.messages.get(problem_of(told.trial_key(migration_id, number))) if waiting else None
        return waiting and (problem is None or problem.body == told.TRIED_AGAIN)

    async def _seldom(self, kind: WorkKind, *args: str) -> None:
        key = ":".join(args)
        if _is_due(self._looks[f"{kind}:{key}"]):
            await self._submit(kind, *args)
        self._looks[f"{kind}:{key}"] += 1


def _is_due(looks: int) -> bool:
    """0, 1, 2, 4, 8, 16, 32, and every 32nd after that."""
    return looks & (looks - 1) == 0 or looks % SELDOM == 0
