"""The second opinion on a run: its cells become jobs of Bedrock Evaluations, and each look at one takes it a step further.

Nobody waits for a job here. A look creates it, or asks how it is, or takes what it says, and ends; the sweep looks again.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from agent import measured, told
from agent.engine import WorkKind
from agent.worker.tools import Tools
from db.records import EvaluationJob, MessageKind, Run
from pipeline.aws.jobs import State
from pipeline.errors import FerryError, TemporaryError
from pipeline.metrics.evaluations import EVALUATED, Asked, EvaluatedMetric, Line, job_name, lines, parts, read_results, unscored
from pipeline.metrics.evaluations.jobs import Bedrock
from pipeline.records import Criteria, Output, Score

LONGEST = timedelta(hours=24)
SAID = 300
Metrics = tuple[EvaluatedMetric, ...]
SETTINGS = "FERRY_EVALUATION_ROLE and FERRY_EVALUATION_BUCKET"
NOT_SET_UP = f"Bedrock Evaluations is not set up here: the operator sets {SETTINGS} and restarts the worker."
GOES_ON = "The migration goes on; these metrics stay without a score, which the report says. They never decide."


async def owed(tools: Tools, run: Run, criteria: Criteria) -> bool:
    """Whether cells still wait for the second opinion. Those nobody was asked about yet become jobs."""
    metrics = measured.evaluated(run, criteria)
    if not metrics or not await tools.store.runs.unscored(run.id, [metric.name for metric in metrics]):
        return False
    jobs = await tools.store.evaluations.of(run.id)
    asked = {(sample_id, metric) for job in jobs if job.is_open for sample_id in job.samples for metric in job.metrics}
    groups = await _groups(tools, run, metrics, asked)
    planned = list(_planned(tools, run, groups, len(jobs)))
    if planned and tools.opinion is None:
        await _without(tools, run, planned)
        planned = []
    if planned and await tools.store.evaluations.plan(planned):
        for job in planned:
            await tools.engine.submit(WorkKind.EVALUATE, job.id, run.id, str(job.part))
    return bool(planned) or any(job.is_open for job in jobs)


async def look(tools: Tools, run_id: str, part: str) -> None:
    """Take one job a step further, unless its run is not wanted any more."""
    job = await _job(tools, run_id, part)
    run = await tools.may_spend(run_id)
    if run is None or job is None or not job.is_open:
        return
    if tools.opinion is None:
        await _give_up(tools, run, job, "not_set_up", NOT_SET_UP)
        return
    try:
        await _step(tools, tools.opinion, run, job)
    except TemporaryError as error:
        await _wait(tools, run, job, error.message)
    except FerryError as error:
        await _give_up(tools, run, job, "refused", error.message)


async def failed(tools: Tools, sentence: str, run_id: str, part: str) -> None:
    """A second opinion that nobody can get stops no migration."""
    job = await _job(tools, run_id, part)
    if job is not None and job.is_open:
        await _give_up(tools, await tools.store.runs.get(run_id), job, "failed", sentence)


async def _step(tools: Tools, bedrock: Bedrock, run: Run, job: EvaluationJob) -> None:
    sent, metrics = await _sent(tools, run, job), tuple(EVALUATED[name] for name in job.metrics)
    if job.job is None:
        name = job_name([job.migration_id, job.run_id], job.part)
        arn = await bedrock.create(Asked(name=name, lines=sent, metrics=metrics, model=run.key.model))
        return await tools.store.evaluations.begin(job.id, arn, tools.clock())
    standing = await bedrock.look(job.job)
    match standing.state:
        case State.UNDER_WAY:
            await _wait(tools, run, job, None)
        case State.FAILED:
            await _give_up(tools, run, job, "failed", f"Bedrock Evaluations says: {standing.problem}.")
        case State.DONE:
            written = await bedrock.fetch(standing)
            scores = await asyncio.to_thread(read_results, written, sent, metrics)
            await tools.store.evaluations.finish(job, scores)
    return None


async def _wait(tools: Tools, run: Run, job: EvaluationJob, problem: str | None) -> None:
    """Until the next look, at most a day."""
    if tools.clock() - job.at > LONGEST:
        why = f"Bedrock Evaluations gave no result within 24 hours. {problem or ''}".strip()
        await _give_up(tools, run, job, "timeout", why)
    elif problem is not None:
        await tools.store.evaluations.delay(job.id, problem)


async def _give_up(tools: Tools, run: Run, job: EvaluationJob, kind: str, sentence: str) -> None:
    await tools.store.evaluations.finish(job, tuple(_blank(job, kind, sentence)), sentence)
    await _tell(tools, run, sentence)


async def _without(tools: Tools, run: Run, planned: Sequence[EvaluationJob]) -> None:
    """Nobody can be asked: the cells say so at once."""
    blank = [score for job in planned for score in _blank(job, "not_set_up", NOT_SET_UP)]
    await tools.store.runs.save(run.id, (), blank)
    await _tell(tools, run, NOT_SET_UP)


def _blank(job: EvaluationJob, kind: str, sentence: str) -> Iterator[Score]:
    return (unscored(sample_id, metric, kind, sentence[:SAID]) for sample_id in job.samples for metric in job.metrics)


async def _tell(tools: Tools, run: Run, sentence: str) -> None:
    """Once for each stage."""
    migration = await tools.store.migrations.get(run.migration_id)
    key, body = told.evaluation_key(run.migration_id, run.stage), f"The second opinion is missing. {sentence} {GOES_ON}"
    await told.tell(tools.store, migration, key, MessageKind.PROBLEM, body=body)


async def _groups(tools: Tools, run: Run, metrics: Metrics, asked: set[tuple[str, str]]) -> Mapping[Metrics, tuple[Line, ...]]:
    """Answers by the metrics nobody was asked about yet; cells of answers that are not sent get their reason on the way."""
    scored = {(score.sample_id, score.metric) for score in await tools.store.runs.scores(run.id)} | asked
    groups: dict[Metrics, list[Output]] = {}
    for output in await tools.store.runs.outputs(run.id):
        if waiting := tuple(metric for metric in metrics if (output.sample_id, metric.name) not in scored):
            groups.setdefault(waiting, []).append(output)
    samples = await tools.shelf.samples(run.dataset_id, run.key.split)
    prompt = await tools.store.prompts.get(run.migration_id, run.key.prompt_hash)
    found: dict[Metrics, tuple[Line, ...]] = {}
    for waiting, outputs in groups.items():
        found[waiting], unsent = await asyncio.to_thread(lines, samples, outputs, prompt, waiting)
        if unsent:
            await tools.store.runs.save(run.id, (), unsent)
    return found


def _planned(tools: Tools, run: Run, groups: Mapping[Metrics, tuple[Line, ...]], there: int) -> Iterator[EvaluationJob]:
    pieces = ((metrics, piece) for metrics, sent in groups.items() for piece in parts(sent))
    for part, (metrics, piece) in enumerate(pieces, there):
        yield EvaluationJob(
            migration_id=run.migration_id,
            run_id=run.id,
            part=part,
            metrics=tuple(metric.name for metric in metrics),
            samples=tuple(line.sample_id for line in piece),
            at=tools.clock(),
        )


async def _sent(tools: Tools, run: Run, job: EvaluationJob) -> tuple[Line, ...]:
    """What the job is about, the same on every look: answers once stored do not change."""
    ids = frozenset(job.samples)
    samples = await tools.shelf.samples(run.dataset_id, run.key.split)
    outputs = [output for output in await tools.store.runs.outputs(run.id) if output.sample_id in ids]
    prompt = await tools.store.prompts.get(run.migration_id, run.key.prompt_hash)
    return (await asyncio.to_thread(lines, samples, outputs, prompt, ()))[0]


async def _job(tools: Tools, run_id: str, part: str) -> EvaluationJob | None:
    return next((job for job in await tools.store.evaluations.of(run_id) if job.part == int(part)), None)
