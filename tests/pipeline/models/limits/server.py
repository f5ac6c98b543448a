"""A provider with a token bucket of its own, on the loop's clock: what it cannot take it refuses, and counts."""

import asyncio
from dataclasses import dataclass

from pipeline.models.failures import failure
from pipeline.models.limits import Gate, admitted, asked_of
from pipeline.models.retry import with_retries
from pipeline.models.settings import ModelSettings
from pipeline.records import Output, Request, Usage


@dataclass(slots=True, kw_only=True)
class Provider:
    """Takes `rate` calls a second, saved up for `saved_s` at most; an answer takes `latency_s`, a refusal 30 ms."""

    rate: float
    saved_s: float = 1.0
    latency_s: float = 0.2
    answered: int = 0
    refused: int = 0
    open: int = 0
    most_open: int = 0
    level: float = -1.0
    seen: float = 0.0

    async def __call__(self) -> Output:
        now, most = asyncio.get_running_loop().time(), self.rate * self.saved_s
        self.level = most if self.level < 0 else min(most, self.level + (now - self.seen) * self.rate)
        self.seen = now
        if self.level < 1:
            self.refused += 1
            await asyncio.sleep(0.03)
            return Output(sample_id="s", text=None, failure=failure("throttled"))
        self.level -= 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        await asyncio.sleep(self.latency_s)
        self.open -= 1
        self.answered += 1
        return Output(sample_id="s", text="yes", usage=Usage(input_tokens=10, output_tokens=1))


async def hammered(
    provider: Provider, gate: Gate | None, request: Request, *, workers: int, seconds: float, settings: ModelSettings
) -> int:
    """`workers` call as fast as they are answered; how many calls failed although they were tried again."""
    ends, failed = asyncio.get_running_loop().time() + seconds, 0

    async def work() -> None:
        nonlocal failed
        while asyncio.get_running_loop().time() < ends:
            attempt = admitted(gate, lambda: asked_of(request), provider)
            failed += (await with_retries(attempt, settings)).failure is not None

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work())
    return failed
