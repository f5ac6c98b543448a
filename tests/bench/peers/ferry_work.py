"""Ferry's runner: an answer, a code metric, and both stored in SQLite as a worker stores them."""

import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from pipeline.metrics import METRICS, score_with
from pipeline.models import ScriptedModel
from pipeline.records import PromptVersion, Sample
from pipeline.run import answer
from tests import stores
from tests.bench.peers.meter import ANSWER, IN_FLIGHT, LATENCY_S, QUESTION, Meter
from tests.bench.results import queued_run
from tests.bench.runner import BATCH, batches

PROMPT = PromptVersion(user="{question}")
METRIC = (METRICS["exact_match"],)


async def work(size: int) -> None:
    model = ScriptedModel({}, default=ANSWER, latency_s=LATENCY_S, concurrency=IN_FLIGHT)
    samples = [Sample(id=f"s{n}", variables={"question": QUESTION.format(number=n)}, reference=ANSWER) for n in range(size)]
    with tempfile.TemporaryDirectory() as folder:
        async with stores.fresh_store("sqlite", Path(folder), stores.SteadyClock()) as store:
            run, by_id = await queued_run(store, size), {sample.id: sample for sample in samples}
            with Meter():
                async with asyncio.TaskGroup() as saving:
                    async for batch in batches(answer(model, PROMPT, samples), BATCH):
                        scores = tuple(score_with([by_id[each.sample_id] for each in batch], batch, METRIC))
                        saving.create_task(store.runs.save(run.id, batch, scores))
            assert (await store.runs.get(run.id)).stored == size


if __name__ == "__main__":
    asyncio.run(work(int(sys.argv[1])))
