"""How close the runner comes to the ideal: a model that takes 50 ms, 100 calls in flight, so at most 2,000 samples a second.

Every output is stored in SQLite as a worker stores it, a batch at a time while the next calls are out. Each size runs in its own
process, so that memory is that size's own. `python -m tests.bench.runner 1000000` measures a million (nine minutes).
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

from pipeline.memory import settle
from pipeline.models import ScriptedModel
from pipeline.records import Output, PromptVersion, Sample
from pipeline.run import answer
from tests import stores
from tests.bench.results import peak_mb, queued_run

LATENCY_S, IN_FLIGHT, BATCH = 0.05, 100, 500
SIZES = (1_000, 10_000, 100_000)
PROMPT = PromptVersion(user="Classify the message.\n\nMessage: {question}\nIntent:")
HEADER = "  samples      samples/s  of the ideal  CPU s / 1,000  peak RSS MB"


def samples(number: int) -> Iterator[Sample]:
    """Made one by one: what the runner keeps shows, not what the caller holds."""
    return (Sample(id=f"s{i}", variables={"question": f"Where is the card I ordered {i} days ago?"}) for i in range(number))


async def measure(number: int) -> str:
    """One run over `number` samples, as a line of the table."""
    model = ScriptedModel({}, default="card_arrival", latency_s=LATENCY_S, concurrency=IN_FLIGHT)
    with tempfile.TemporaryDirectory() as folder:
        async with stores.fresh_store("sqlite", Path(folder), stores.SteadyClock()) as store:
            run = await queued_run(store, number)
            settle()  # as a worker does before it works
            wall, cpu = time.perf_counter(), time.process_time()
            async with asyncio.TaskGroup() as saving:
                async for batch in batches(answer(model, PROMPT, samples(number)), BATCH):
                    saving.create_task(store.runs.save(run.id, batch, ()))
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            assert (await store.runs.get(run.id)).stored == number
    ideal = number / IN_FLIGHT * LATENCY_S
    return f"{number:>9,}  {number / wall:>12,.0f}  {ideal / wall:>11.1%}  {cpu / number * 1000:>13.3f}  {peak_mb():>11.0f}"


async def batches(outputs: AsyncGenerator[Output, None], size: int) -> AsyncIterator[list[Output]]:
    """Outputs as they come, `size` at a time, and the rest at the end."""
    batch: list[Output] = []
    async with aclosing(outputs):
        async for output in outputs:
            batch.append(output)
            if len(batch) == size:
                yield batch
                batch = []
    yield batch


async def lines() -> AsyncIterator[str]:
    """The table, a line as soon as it is measured."""
    yield HEADER
    for number in SIZES:
        call = (sys.executable, "-m", "tests.bench.runner", str(number))
        process = await asyncio.create_subprocess_exec(*call, stdout=asyncio.subprocess.PIPE)
        yield (await process.communicate())[0].decode()


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(measure(int(sys.argv[1]))))
