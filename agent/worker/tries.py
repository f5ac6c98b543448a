"""One prompt version on one dev sample, because a person wants to see it. It counts nowhere."""

from collections.abc import Sequence
from contextlib import aclosing

from agent import rounds
from agent.worker.purse import RestingError
from agent.worker.tools import Tools
from db.records import DatasetVersion, Plan
from pipeline.metrics import code_metrics, judged_metrics, score_judged, score_with
from pipeline.records import Output, Sample, Score, Split
from pipeline.run import answer


async def attempt(tools: Tools, try_id: str) -> None:
    """Ask the target once and score the answer by what decides; a try with an answer or a problem is left alone."""
    store, asked = tools.store, await tools.store.tries.get(try_id)
    if asked.output or asked.problem or not await tools.may_spend_on(asked.migration_id):
        return
    dataset = await rounds.worked_on(store, asked.migration_id, asked.number)
    plan = await store.plans.get(asked.migration_id, asked.number)
    samples = [s for s in await tools.shelf.samples(dataset.id, Split.DEV) if s.id == asked.sample_id]
    prompt = await store.prompts.get(asked.migration_id, asked.prompt_hash)
    model = await tools.shelf.model(asked.target, dataset.id)
    async with model.place():
        outputs = [output async for output in answer(model, prompt, samples)]
    if outputs[0].failure and outputs[0].failure.kind == "budget":
        raise RestingError
    scores = tuple(score_with(samples, outputs, code_metrics(plan.criteria)))
    judged = await _judged(tools, plan, dataset, samples, outputs)
    await store.tries.answer(try_id, outputs[0], (*scores, *judged))


async def _judged(
    tools: Tools, plan: Plan, dataset: DatasetVersion, samples: Sequence[Sample], outputs: Sequence[Output]
) -> tuple[Score, ...]:
    """What the plan's judge says by the metrics that decide; a cell it fails at says why. Rulings given before cost nothing."""
    metrics, judge = judged_metrics(plan.criteria, Split.DEV), plan.criteria.judge
    if not metrics or judge is None:
        return ()
    source: Sequence[Output] = ()
    if any(metric.needs_source for metric in metrics):
        run = await rounds.source_run(tools.store, plan.migration_id, dataset.id, Split.DEV)
        source = await tools.store.runs.outputs(run.id, [sample.id for sample in samples])
    bench = await tools.shelf.bench(judge)
    async with aclosing(score_judged(samples, outputs, metrics, bench, source_outputs=source)) as scores:
        return tuple([score async for score in scores])


async def failed(tools: Tools, sentence: str, try_id: str) -> None:
    await tools.store.tries.answer(try_id, None, problem=sentence)
