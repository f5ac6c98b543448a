"""Opens what a plan's judge choice names: the judge, its panel, the embedder, all over one cache of rulings."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from pipeline.errors import RefusedError
from pipeline.metrics.judge.embedders import EmbeddingModel, open_embedder
from pipeline.metrics.judge.model_judge import ModelJudge
from pipeline.metrics.judge.port import Bench
from pipeline.metrics.judge.prompts import prompts_hash
from pipeline.metrics.judge.rulings import RulingCache
from pipeline.models import open_model
from pipeline.models.settings import DEFAULTS, ModelSettings
from pipeline.records import JudgeChoice, Model

DEADLINE_S = 300.0
CELLS_PER_CALL = 4  # cells at once for each call at once: those that wait for one another's statements leave no place empty


@asynccontextmanager
async def open_bench(
    choice: JudgeChoice,
    cache: RulingCache,
    *,
    settings: ModelSettings = DEFAULTS,
    deadline_s: float = DEADLINE_S,
    models: Callable[..., Model] = open_model,
    paid: Callable[[EmbeddingModel], EmbeddingModel] = lambda model: model,
) -> AsyncIterator[Bench]:
    """The bench of `choice`, closed at the end; nobody is called yet.

    `models(ref, settings=...)` opens models, `paid` is what an embedding model is asked through.

    Raises InputError for a judge or an embedder that does not exist, RefusedError when the choice was locked with other judge
    prompts or libraries than this version of Ferry has: scores of two versions must not stand in one comparison.
    """
    from pipeline.metrics.registry import libraries

    if choice.prompts_hash not in {"", prompts_hash()}:
        raise RefusedError(
            "The plan was approved with other judge prompts than this version of Ferry has. "
            "Approve a new plan (after the sign-off: `/migrate again`), or score with the version that the plan was made with."
        )
    if foreign := sorted(set(choice.libraries) - libraries()):
        raise RefusedError(
            f"The plan was approved with {foreign[0]}, which this version of Ferry does not have. "
            "Approve a new plan (after the sign-off: `/migrate again`), or score with the version that the plan was made with."
        )
    settings = replace(settings, stream=False)
    async with AsyncExitStack() as stack:
        opened: list[Model] = []
        for ref in (choice.model, *choice.panel):
            opened.append(models(ref, settings=settings))
            stack.push_async_callback(opened[-1].close)
        embedder = open_embedder(choice.embedder, cache, settings, paid)
        stack.push_async_callback(embedder.close)
        judge, *panel = (ModelJudge(model, cache) for model in opened)
        yield Bench(
            judge=judge,
            embedder=embedder,
            panel=tuple(panel),
            deadline_s=deadline_s,
            in_flight=CELLS_PER_CALL * opened[0].concurrency,
        )
