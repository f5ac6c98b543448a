"""How close the limiter comes to a limit without going over it: one process before a provider, two over one Postgres.

The second part needs FERRY_TEST_POSTGRES_URL. Every admission is written down by the wall clock, which both processes share.
"""

import asyncio
import os
import random
import sys
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.worker.limits import SharedLedger
from db import open_store
from db.places import Places
from pipeline.models.limits import Asked, Limiter, read_rules
from pipeline.models.limits.line import Lease
from pipeline.models.settings import ModelSettings
from tests.pipeline.models.ask import request
from tests.pipeline.models.limits.server import Provider, hammered
from tests.stores import POSTGRES, postgres_database

WORKERS, RATE, SECONDS = 64, 50, 20.0
PROCESSES, SHARED_RATE, SHARED_SECONDS, COROUTINES = 2, 600, 20.0, 100
WARM_S = 0.5
REF = "openai:shared"


async def lines() -> AsyncIterator[str]:
    """A line for each case."""
    yield f"{WORKERS} workers, a provider of {RATE} requests/s, {SECONDS:g} s"
    for name, rules in (("the limit known", f'{{"*": {{"requests_per_minute": {RATE * 60}}}}}'), ("throttles alone", "")):
        yield f"  {name:<16} {await before_provider(rules, SECONDS)}"
    if POSTGRES in os.environ:
        yield f"{PROCESSES} processes, {COROUTINES} calls at once each, together {SHARED_RATE} requests/s, {SHARED_SECONDS:g} s"
        async with postgres_database() as url:
            yield f"  {(await shared(url, SHARED_SECONDS)).told}"


async def before_provider(rules: str, seconds: float) -> str:
    """What came of `WORKERS` that call as fast as they may."""
    began = time.perf_counter()
    provider, limiter = Provider(rate=RATE), Limiter(rules=read_rules(rules))
    settings = ModelSettings(jitter=random.Random(1).random)
    failed = await hammered(provider, limiter.gate(REF, WORKERS), request(), workers=WORKERS, seconds=seconds, settings=settings)
    limiter.close()
    share = provider.answered / (time.perf_counter() - began) / RATE
    return f"{share:.1%} of the rate, {failed} failed, {provider.refused} refused of {provider.answered + provider.refused}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """`share` of the limit that was admitted, the most in any second as a share of it, statements for each admission."""

    share: float
    worst: float
    statements: float
    cpu_ms: float

    @property
    def told(self) -> str:
        return (
            f"{self.share:.1%} of the limit, {self.worst:.1%} in the worst second, {self.statements:.3f} statements and "
            f"{self.cpu_ms:.2f} ms CPU a call"
        )


async def shared(url: str, seconds: float) -> Shared:
    """Two processes take all they get, from the same moment on."""
    places = Places(home=Path(), database_url=url)
    await (await open_store(places)).close()
    call = (sys.executable, "-m", "tests.bench.limits", url, str(seconds))
    pipe = asyncio.subprocess.PIPE
    processes = [await asyncio.create_subprocess_exec(*call, stdin=pipe, stdout=pipe) for _ in range(PROCESSES)]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    began = time.time() + 0.3
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(process.communicate(f"{began}\n".encode())) for process in processes]
    answers = [task.result()[0].decode().split() for task in tasks]
    at = sorted(float(moment) for answer in answers for moment in answer[2:])
    statements, cpu = (sum(float(answer[place]) for answer in answers) for place in (0, 1))
    return Shared(
        share=len(at) / seconds / SHARED_RATE,
        worst=worst_second(at) / SHARED_RATE,
        statements=statements / len(at),
        cpu_ms=cpu / len(at) * 1000,
    )


def worst_second(at: Sequence[float]) -> int:
    """The most moments in any second, wherever it begins; `at` is sorted."""
    return max(bisect_left(at, since + 1.0) - place for place, since in enumerate(at))


class Counted(SharedLedger):
    """Counts the leases it asks for."""

    statements = 0

    async def lease(self, key: str, seconds: float, back: float) -> Lease:
        self.statements += 1
        return await super().lease(key, seconds, back)


async def take(url: str, seconds: float) -> str:
    """One of the processes: statements, CPU seconds, and the moment of every admission within the time."""
    store = await open_store(Places(home=Path(), database_url=url))
    ledger = Counted(store)
    limiter = Limiter(rules=read_rules(f'{{"*": {{"requests_per_minute": {SHARED_RATE * 60}, "share": 1}}}}'), ledger=ledger)
    await ledger.lease("warm", 0.0, 0.0)
    gate, at = limiter.gate(REF, COROUTINES), list[float]()
    gate.window.limit = COROUTINES
    print("ready", flush=True)  # noqa: T201
    began = float(await asyncio.to_thread(sys.stdin.readline))
    await asyncio.sleep(began - time.time())
    cpu, counted = time.process_time(), began + WARM_S

    async def work() -> None:
        while True:
            grant = await gate.admit(Asked(characters=30))
            at.append(time.time())
            await asyncio.sleep(0.02)
            grant.settle(None)

    try:
        async with asyncio.timeout(seconds + WARM_S), asyncio.TaskGroup() as group:
            for _ in range(COROUTINES):
                group.create_task(work())
    except TimeoutError:
        pass
    cpu = time.process_time() - cpu
    limiter.close()
    await store.close()
    inside = [moment for moment in at if counted <= moment < counted + seconds]
    return " ".join(map(str, (ledger.statements, cpu, *inside)))


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(take(sys.argv[1], float(sys.argv[2]))))
