"""How close the runner comes to the ideal: a model that takes 50 ms, 100 calls in flight, so at most 2,000 samples a second.

Each size runs in its own process, so that memory is that size's own.
"""

import asyncio
import resource
import sys
import time
from collections.abc import AsyncIterator, Iterator

from pipeline.models import ScriptedModel
from pipeline.records import PromptVersion, Sample
from pipeline.run import answer

LATENCY_S, IN_FLIGHT = 0.05, 100
SIZES = (1_000, 10_000, 100_000)
PROMPT = PromptVersion(user="Classify the message.\n\nMessage: {question}\nIntent:")
HEADER = "samples      samples/s  of the ideal  CPU s / 1,000  peak RSS MB"


def samples(number: int) -> Iterator[Sample]:
    """Made one by one: what the runner keeps shows, not what the caller holds."""
    return (Sample(id=f"s{i}", variables={"question": f"Where is the card I ordered {i} days ago?"}) for i in range(number))


async def measure(number: int) -> str:
    """One run over `number` samples, as a line of the table."""
    model = ScriptedModel({}, default="card_arrival", latency_s=LATENCY_S, concurrency=IN_FLIGHT)
    wall, cpu, seen = time.perf_counter(), time.process_time(), 0
    async for _ in answer(model, PROMPT, samples(number)):
        seen += 1
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    ideal = number / IN_FLIGHT * LATENCY_S
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{seen:>7,}  {seen / wall:>12,.0f}  {ideal / wall:>11.1%}  {cpu / number * 1000:>13.3f}  {rss:>11.0f}"


async def lines() -> AsyncIterator[str]:
    """The table, a line as soon as it is measured."""
    yield HEADER
    for number in SIZES:
        call = (sys.executable, "-m", "tests.bench.runner", str(number))
        process = await asyncio.create_subprocess_exec(*call, stdout=asyncio.subprocess.PIPE)
        yield (await process.communicate())[0].decode()


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(measure(int(sys.argv[1]))))
