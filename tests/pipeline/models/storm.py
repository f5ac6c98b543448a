"""A Bedrock in a bad mood: which faults a sample meets is fixed by its number, and every call is remembered.

A sample meets at most four faults in a row and is then answered, but one that hangs: such a call is given up and not made again.
"""

import asyncio
import json
import random
import re
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from agent.worker.purse import StoredPurse, paying
from db import Store
from pipeline.models import ModelSettings, open_model
from pipeline.models.charging import Charged
from pipeline.models.prices import Entry, Prices
from pipeline.models.settings import DEFAULTS
from pipeline.records import Lane, Output, PromptVersion, Sample
from pipeline.run import answer
from tests import stores
from tests.bench.results import queued_run
from tests.pipeline.models.frames import event
from tests.pipeline.models.peer import STREAM, Said, answered, broken, delta, error, fault, say

MODEL = "anthropic.storm-v1:0"
REF = f"bedrock:{MODEL}"
PRICES = Prices(overrides={REF: Entry(model=MODEL, provider="bedrock", input=1000.0, output=10000.0, source="the storm")})
PROMPT = PromptVersion(user="Say it back: {question}")
TIMEOUT_S, MOST_FAULTS, BATCH = 5.0, 4, 100
CHANCES = {
    "throttled": 0.25, "unavailable": 0.06, "reset": 0.04, "mid-stream error": 0.04, "cut": 0.02, "no end": 0.03, "bad CRC": 0.02,
    "hang": 0.004,
}  # fmt: skip
SEEN_AS = {
    "throttled": "throttled", "unavailable": "transient", "reset": "transient", "mid-stream error": "throttled",
    "cut": "truncated_stream", "no end": "truncated_stream", "bad CRC": "truncated_stream", "hang": "timeout",
}  # fmt: skip
"""What Ferry has to call each fault."""


def faults(number: int, *, stream: bool) -> Iterator[str]:
    """What a sample meets, call by call, until it is answered. Faults of a stream need one."""
    drawn = random.Random(number)
    for _ in range(MOST_FAULTS):
        found = drawn.choices([*CHANCES, "answer"], [*CHANCES.values(), 1 - sum(CHANCES.values())])[0]
        if found == "answer" or (not stream and found in {"mid-stream error", "cut", "no end", "bad CRC"}):
            return
        yield found
        if found == "hang":
            return


def tokens(number: int) -> tuple[int, int]:
    """In and out of a sample's answer: so different that a call counted twice, or another's, shows in a sum."""
    return 10 + number % 97, 1 + number % 13


@dataclass(slots=True)
class Storm:
    """The server; `met` are the faults of each sample in order, `told` how often each was answered."""

    met: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    told: Counter[int] = field(default_factory=Counter)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # whoever hangs is ended with the loop
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = re.search(r"content-length: *(\d+)", head, re.IGNORECASE)
        body = json.loads(await reader.readexactly(int(size[1]) if size else 0))
        stream = unquote(head.split()[1]).endswith("converse-stream")
        number = int(body["messages"][0]["content"][0]["text"].rpartition(" ")[2])
        wanted, before = list(faults(number, stream=stream)), len(self.met[number])
        if before < len(wanted):
            self.met[number].append(wanted[before])
            return await say(_broken(wanted[before]), writer)
        self.told[number] += 1
        return await say(_answered(number, stream=stream), writer)


def _answered(number: int, *, stream: bool) -> Said:
    used = dict(zip(("inputTokens", "outputTokens"), tokens(number), strict=True))
    if not stream:
        said = json.loads(answered(str(number)).parts[0])  # type: ignore[arg-type]
        return Said(parts=[json.dumps(said | {"usage": used | {"totalTokens": sum(tokens(number))}}).encode()])
    slow = 0.02 if number % 50 == 0 else 0.0
    text = [part for letter in str(number) for part in (delta(letter), slow)]
    end = [event("messageStop", {"stopReason": "end_turn"})]
    told = event("metadata", {"usage": used | {"totalTokens": sum(tokens(number))}, "metrics": {"latencyMs": 5}})
    return Said(headers={"Content-Type": STREAM}, parts=[event("messageStart", {"role": "assistant"}), *text, *end, told])


def _broken(kind: str) -> Said:
    spoilt = bytearray(delta("x"))
    spoilt[-1] ^= 0xFF
    stop = event("messageStop", {"stopReason": "end_turn"})
    return {
        "throttled": error(429, "ThrottlingException", "Too many tokens, please wait before trying again."),
        "unavailable": error(503, "ServiceUnavailableException", "Bedrock is unable to process your request."),
        "reset": Said(end="reset"),
        "mid-stream error": broken(delta("half"), fault("throttlingException", "Too many requests, please wait.")),
        "cut": broken(delta("half"), end="cut"),
        "no end": broken(delta("half"), stop),
        "bad CRC": broken(bytes(spoilt)),
        "hang": Said(headers={"Content-Type": STREAM}, parts=[b""], end="hang"),
    }[kind]


@asynccontextmanager
async def storm() -> AsyncIterator[Storm]:
    server = Storm()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()


async def _briefly(_: float) -> None:
    await asyncio.sleep(0.001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weathered:
    """What came of it: the outputs as stored, what the purse was charged, and the seconds of wall and of CPU."""

    outputs: tuple[Output, ...]
    server: Storm
    spent: float
    wall_s: float
    cpu_s: float


async def weather(number: int, *, lane: Lane, in_flight: int, timeout_s: float = TIMEOUT_S) -> Weathered:
    """`number` samples answered through the storm, stored and charged as a worker does both."""
    samples = tuple(Sample(id=f"s{i:05}", variables={"question": str(i)}) for i in range(number))
    with tempfile.TemporaryDirectory() as folder:
        async with stores.sqlite_store(Path(folder)) as store, storm() as server:
            settings = ModelSettings(
                endpoint_url=server.url, region="us-east-1", timeout_s=timeout_s, in_flight=in_flight, sleep=_briefly,
                attempts=DEFAULTS.attempts,
            )  # fmt: skip
            run = await queued_run(store, number)
            model = Charged(open_model(REF, settings=settings), PRICES, StoredPurse(store, "storm"))
            wall, cpu = time.perf_counter(), time.process_time()
            with paying(run.migration_id):
                await _run(store, run.id, model, samples, lane)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            await model.close()
            return Weathered(
                outputs=await store.runs.outputs(run.id),
                server=server,
                spent=(await store.purses.get(run.migration_id)).spent,
                wall_s=wall,
                cpu_s=cpu,
            )


async def _run(store: Store, run_id: str, model: Charged, samples: tuple[Sample, ...], lane: Lane) -> None:
    batch: list[Output] = []
    async with aclosing(answer(model, PROMPT, samples, lane=lane)) as outputs:
        async for output in outputs:
            batch.append(output)
            if len(batch) >= BATCH:
                await store.runs.save(run_id, batch, ())
                batch = []
    await store.runs.save(run_id, batch, ())


def check(found: Weathered, number: int) -> Counter[str]:
    """Nothing lost, doubled, mixed up or counted twice; the calls made again by kind. Raises AssertionError."""
    outputs, again = {o.sample_id: o for o in found.outputs}, Counter[str]()
    assert len(found.outputs) == len(outputs) == number
    price, expected = PRICES.of(REF), 0.0
    for i in range(number):
        output, met = outputs[f"s{i:05}"], [SEEN_AS[kind] for kind in found.server.met[i]]
        hung = met[-1:] == ["timeout"]
        seen = [each.kind for each in output.retried]
        again.update(seen)
        assert seen + (["timeout"] if hung else []) == met, (i, met, seen, output.failure)
        assert output.attempts == len(met) + (not hung)
        assert output.text == (None if hung else str(i)), (i, output, met)
        assert (output.failure is not None) == hung
        assert found.server.told[i] == (not hung)
        cost = 0.0 if hung else (tokens(i)[0] * price.input + tokens(i)[1] * price.output) / 1e6
        assert output.usd is None if hung else abs((output.usd or 0.0) - cost) < 1e-9
        expected += cost
    assert abs(sum(o.usd or 0.0 for o in found.outputs) - expected) < 1e-6 * number
    assert found.spent >= expected - 1e-6
    return again
