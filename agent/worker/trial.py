"""People's own criteria tried on three samples before anybody approves them: what they say of the source's answers."""

from contextlib import aclosing
from typing import TYPE_CHECKING

from agent import told
from agent.worker.purse import RestingError
from agent.worker.tools import Tools
from db.keys import problem_of
from db.records import RESTING, MessageKind, Migration, Plan, Trial
from pipeline.errors import InputError
from pipeline.metrics.judge.port import RETRYABLE
from pipeline.records import Criteria, Output, Sample, Score, Split

if TYPE_CHECKING:
    from pipeline.metrics.judged.metric import JudgedMetric

SAMPLES, REPAIRED = 3, "access"
Answered = tuple[tuple[Sample, ...], tuple[Output, ...]]


async def trial(tools: Tools, migration_id: str, number: str) -> None:
    """Score three samples of dev by each rubric and check of a plan; what was scored already is only told again."""
    store, migration = tools.store, await tools.store.migrations.get(migration_id)
    plan = await store.plans.get(migration_id, int(number))
    if migration.status in RESTING:
        return
    tried = [await store.trials.add(_trial(plan, metric)) for metric in own_metrics(plan.criteria)]
    waiting = {each.metric: each for each in tried if _is_open(each)}
    if waiting:
        await told.mended(store, migration, problem_of(told.trial_key(migration_id, plan.number)), told.TRIED_AGAIN)
        await _tell(tools, migration, plan)
        scores = await _scored(tools, plan.criteria, tuple(waiting), await _chosen(tools, migration_id))
        if any((score.unscored or "").startswith("judge budget:") for score in scores):
            raise RestingError
        for metric, each in waiting.items():
            await store.trials.finish(each.id, tuple(score for score in scores if score.metric == metric))
    await _tell(tools, migration, plan)


async def failed(tools: Tools, sentence: str, migration_id: str, number: str) -> None:
    """A trial that cannot be made stops nobody: it is told, and the button tries again."""
    migration = await tools.store.migrations.get(migration_id)
    key, body = told.trial_key(migration_id, int(number)), f"The criteria could not be tried. {sentence}"
    await told.tell(tools.store, migration, problem_of(key), MessageKind.PROBLEM, body=body)
    await tools.store.messages.touch(key)


def own_metrics(criteria: Criteria) -> tuple[str, ...]:
    """The rubrics that have a judge, and the checks."""
    rubrics = [rubric.metric for rubric in criteria.rubrics] if criteria.judge else []
    return (*rubrics, *(check.metric for check in criteria.checks))


async def _chosen(tools: Tools, migration_id: str) -> Answered:
    """The first samples of dev with what the source answered to them, or else their references; test is never looked at."""
    dataset = await tools.store.datasets.latest(migration_id)
    samples = await tools.shelf.samples(dataset.id, Split.DEV) if dataset else ()
    told_by_source = [(sample, shown) for sample in samples if sample.recorded and (shown := sample.recorded.text).strip()]
    texts = told_by_source or [(sample, shown) for sample in samples if (shown := sample.reference or "").strip()]
    if not texts:
        raise InputError("No sample has an answer of the source or a reference to try criteria on. Add one to the dataset.")
    first = texts[:SAMPLES]
    return tuple(sample for sample, _ in first), tuple(Output(sample_id=sample.id, text=text) for sample, text in first)


async def _scored(tools: Tools, criteria: Criteria, metrics: tuple[str, ...], answered: Answered) -> tuple[Score, ...]:
    from pipeline.metrics import catalog, score_run
    from pipeline.metrics.judged.metric import JudgedMetric

    known = catalog(criteria)
    judged = [metric for name in metrics if isinstance(metric := known[name], JudgedMetric)]
    by_judge = {metric.name for metric in judged}
    scores = list(score_run(*answered, [name for name in metrics if name not in by_judge], criteria))
    return (*scores, *await _judged(tools, criteria, judged, answered)) if judged else tuple(scores)


async def _judged(tools: Tools, criteria: Criteria, metrics: "list[JudgedMetric]", answered: Answered) -> tuple[Score, ...]:
    from pipeline.metrics import score_judged

    if criteria.judge is None:
        return ()
    async with (
        tools.shelf.open_bench(criteria.judge) as bench,
        aclosing(score_judged(*answered, metrics, bench)) as scores,
    ):
        return tuple([score async for score in scores])


def _trial(plan: Plan, metric: str) -> Trial:
    trial_id = f"{plan.migration_id}:{plan.number}:{metric}"
    return Trial(id=trial_id, migration_id=plan.migration_id, number=plan.number, metric=metric)


def _is_open(tried: Trial) -> bool:
    """Not scored yet, or not for a reason that may pass, or that somebody may have repaired."""
    kinds = [(score.unscored or "").partition(":")[0].removeprefix("judge ") for score in tried.scores or ()]
    return tried.scores is None or any(kind in {*RETRYABLE, REPAIRED} for kind in kinds)


async def _tell(tools: Tools, migration: Migration, plan: Plan) -> None:
    key = told.trial_key(migration.id, plan.number)
    await told.tell(tools.store, migration, key, MessageKind.TRIAL, subject=str(plan.number))
