"""One prompt version on one dev sample, because a person wants to see it. It counts nowhere."""

from agent import rounds
from agent.worker.purse import RestingError
from agent.worker.tools import Tools
from pipeline.metrics import code_metrics, score_with
from pipeline.records import Split
from pipeline.run import answer


async def attempt(tools: Tools, try_id: str) -> None:
    """Ask the target once and score the answer by code; a try with an answer or a problem is left alone."""
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
    await store.tries.answer(try_id, outputs[0], scores)


async def failed(tools: Tools, sentence: str, try_id: str) -> None:
    await tools.store.tries.answer(try_id, None, problem=sentence)
