"""Where the answer to each question is found among the facts. Whoever asks twice gets the same answer."""

from collections.abc import Awaitable, Callable, Mapping

from agent import arms, turns
from db.records import JobState, Question, QuestionKind, RunStatus
from db.store import Store


async def look_up(store: Store, question: Question) -> str | None:
    """The answer as the graph takes it (never empty), or None while there is none."""
    return await _SOURCES[question.kind](store, question)


async def _dataset(store: Store, question: Question) -> str | None:
    """The newest dataset version, once everything else a plan needs is told too."""
    migration = await store.migrations.get(question.migration_id)
    prompt = await store.prompts.original(question.migration_id)
    dataset = await store.datasets.latest(question.migration_id)
    told = migration.targets and (prompt.user or prompt.system)
    return dataset.id if dataset and told else None


async def _decision(store: Store, question: Question) -> str | None:
    decision = await store.questions.decision(question.migration_id, question.key)
    return decision.answer if decision else None


async def _runs(store: Store, question: Question) -> str | None:
    runs = await store.runs.listed(question.migration_id, stage=question.subject)
    done = bool(runs) and all(run.status is RunStatus.DONE for run in runs)
    return "done" if done and await all_started(store, question) else None


async def all_started(store: Store, question: Question) -> bool:
    """Whether the stage has all its runs. A node makes the others before it asks; candidates are proposed by the worker."""
    stage, _, number = question.subject.partition(":")
    return stage != arms.CANDIDATES or (
        await turns.are_made(store, question.migration_id, int(number)) and await has_candidates(store, question)
    )


async def has_candidates(store: Store, question: Question) -> bool:
    """Whether candidates were proposed and every one that passed the guards has its run."""
    number = question.subject.partition(":")[2]
    runs = await store.runs.listed(question.migration_id, stage=question.subject)
    started = {(run.key.model, run.key.prompt_hash) for run in runs}
    candidates = await store.prompts.candidates(question.migration_id, int(number))
    passed = {(c.target, c.prompt.hash) for c in candidates if c.refusal is None}
    return bool(passed) and passed <= started


async def _improved(store: Store, question: Question) -> str | None:
    """A search that failed has ended too: the migration goes on with what there is."""
    searches = await store.improvements.of(question.migration_id, int(question.subject))
    ended = searches and all(each.state in {JobState.DONE, JobState.FAILED} for each in searches)
    return "done" if ended else None


async def _review(store: Store, question: Question) -> str | None:
    if await store.questions.decision(question.migration_id, question.key):
        return "closed"
    progress = await store.reviews.progress(question.migration_id, int(question.subject))
    return "done" if all(done == total for done, total in progress.values()) else None


async def _report(store: Store, question: Question) -> str | None:
    report = await store.reports.latest(question.migration_id)
    return report.hash if report and report.number == int(question.subject) else None


_SOURCES: Mapping[QuestionKind, Callable[[Store, Question], Awaitable[str | None]]] = {
    QuestionKind.DATASET: _dataset,
    QuestionKind.PLAN: _decision,
    QuestionKind.RUNS: _runs,
    QuestionKind.IMPROVED: _improved,
    QuestionKind.PROMPTS: _decision,
    QuestionKind.REVIEW: _review,
    QuestionKind.REPORT: _report,
    QuestionKind.SIGN_OFF: _decision,
}
