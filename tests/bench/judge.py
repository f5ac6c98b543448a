"""What Ragas and DeepEval cost around a judge, and whether they keep it busy: all nine LLM metrics over the same samples.

The issue allows 10 ms of CPU a sample and wants 90 % of the cap in flight. Rulings are made up before anything is measured.
"""

import asyncio
import json
import resource
import selectors
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

from pipeline.metrics.judge.model_judge import ModelJudge
from pipeline.metrics.judge.port import Bench, Judge, Question, Tab
from pipeline.metrics.judge.rulings import MemoryRulings
from pipeline.metrics.judged import deepeval, ragas
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.scoring import score_judged
from pipeline.models import ScriptedModel
from pipeline.records import Output, Request, Sample
from tests.pipeline.metrics.judged.scripted import CONTEXTS, WordEmbedder, ruled

SAMPLES, LATENCY_S, CAP = 200, 0.2, 64
LIMIT_MS, LIMIT_SHARE = 10, 0.9
ANSWER = "Revenue in 2024 was {} million. I think this is a good year. Costs fell by 3 percent."
NINE = (*ragas.METRICS, *(metric for metric in deepeval.METRICS if "summary" not in metric.name))
SETS = {"Ragas, 4 metrics": ragas.METRICS, "DeepEval, 5 metrics": NINE[len(ragas.METRICS) :], "all nine": NINE}


class Rehearsed:
    """Knows every ruling that was ever asked for; each call takes `latency_s` and one of the cap's places."""

    ref = "scripted:rehearsed"

    known: ClassVar[dict[tuple[str, str], str]] = {}

    def __init__(self, latency_s: float = 0.0) -> None:
        self.latency_s, self.calls = latency_s, 0
        self._places = asyncio.Semaphore(CAP)

    async def ask(self, question: Question, tab: Tab) -> Any:
        self.calls += 1
        async with self._places:
            await asyncio.sleep(self.latency_s)
        return json.loads(self.ruling(question))

    def ruling(self, question: Question) -> str:
        key = (question.name, question.prompt)
        if key not in self.known:
            self.known[key] = json.dumps(ruled(question))
        return self.known[key]

    def answers(self, request: Request) -> str:
        form = json.loads(request.parameters.json_schema or "{}")["title"]
        return self.ruling(Question(name=form, prompt=request.turns[0].text, schema=""))


class Embedded:
    """Every text's vector, made once."""

    ref = WordEmbedder.ref

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, ...]] = {}

    async def embed(self, texts: Sequence[str], tab: Tab) -> tuple[tuple[float, ...], ...]:
        for text in texts:
            if text not in self._known:
                (self._known[text],) = await WordEmbedder().embed([text], tab)
        return tuple(self._known[text] for text in texts)


EMBEDDED = Embedded()


async def lines() -> AsyncIterator[str]:
    """The cost of loading, of each library around a judge that takes no time, and how busy a slow judge is kept."""
    judge, started = Rehearsed(), time.process_time()
    await _score(NINE, judge, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield f"loading both: {time.process_time() - started:.1f} CPU s, peak RSS {peak:.0f} MB"
    await _score(NINE, judge, SAMPLES)
    yield f"a judge that takes no time, {SAMPLES} samples (limit {LIMIT_MS} ms a sample for all nine)"
    for name, metrics in SETS.items():
        yield f"  {name:<20} {await _cost(metrics, judge)}"
    yield f"a judge of {LATENCY_S * 1000:.0f} ms, {CAP} in flight (limit {LIMIT_SHARE:.0%} of the cap)"
    for name, metrics in SETS.items():
        yield f"  {name:<20} {await _busy(metrics)}"
    yield f"  {'all, our judge core':<20} {await _busy(NINE, core=True)}"


async def _cost(metrics: Sequence[JudgedMetric], judge: Rehearsed) -> str:
    cpu, before = time.process_time(), judge.calls
    await _score(metrics, judge, SAMPLES)
    cpu, calls = time.process_time() - cpu, judge.calls - before
    return (
        f"{cpu / SAMPLES * 1000:>5.1f} ms CPU a sample, {calls / SAMPLES:.1f} calls a sample, {cpu / calls * 1000:.2f} ms a call"
    )


class OwnCpuLoop(asyncio.SelectorEventLoop):
    """A loop whose clock is this thread's CPU time, and jumps to the next timer when there is nothing to do.

    What other processes do to the machine does not show: it is the wall time on a CPU of one's own.
    """

    def __init__(self) -> None:
        self.jumped = 0.0
        super().__init__(Jumping(self))

    def time(self) -> float:
        return time.thread_time() + self.jumped


class Jumping(selectors.SelectSelector):
    def __init__(self, loop: OwnCpuLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None:
            self._loop.jumped += max(timeout, 0.0)
            timeout = 0
        return super().select(timeout)


async def _busy(metrics: Sequence[JudgedMetric], core: bool = False) -> str:
    """The share of the cap that was in flight, here and now and on a CPU of its own; each time over a new judge."""
    cpu, wall, calls = time.process_time(), time.perf_counter(), await _calls(metrics, core)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    alone = await asyncio.to_thread(_alone, metrics, core)
    ideal, took = calls * LATENCY_S / CAP, f"{calls:,} calls, {cpu:.1f} CPU s"
    return f"{ideal / alone:>6.1%} of the cap on a CPU of its own, {ideal / wall:.1%} here and now ({took})"


def _alone(metrics: Sequence[JudgedMetric], core: bool) -> float:
    with asyncio.Runner(loop_factory=OwnCpuLoop) as runner:
        started = runner.get_loop().time()
        runner.run(_calls(metrics, core))
        return runner.get_loop().time() - started


async def _calls(metrics: Sequence[JudgedMetric], core: bool) -> int:
    """How many calls all samples took, over a judge of `LATENCY_S` or over our judge core with a model of that latency."""
    judge = Rehearsed(LATENCY_S)
    if not core:
        await _score(metrics, judge, SAMPLES)
        return judge.calls
    model = ScriptedModel(judge.answers, latency_s=LATENCY_S, concurrency=CAP)
    await _score(metrics, ModelJudge(model, MemoryRulings()), SAMPLES)
    return model.calls


async def _score(metrics: Sequence[JudgedMetric], judge: Judge, number: int) -> None:
    samples = [_sample(place) for place in range(number)]
    outputs = [Output(sample_id=sample.id, text=ANSWER.format(place)) for place, sample in enumerate(samples)]
    bench = Bench(judge=judge, embedder=EMBEDDED, in_flight=2 * CAP)
    async for score in score_judged(samples, outputs, metrics, bench):
        if score.unscored is not None:
            raise RuntimeError(f"{score.metric}: {score.unscored}")


def _sample(place: int) -> Sample:
    variables = {"question": f"What was revenue in 2024, case {place}?", "context": json.dumps([*CONTEXTS, f"Case {place}."])}
    return Sample(id=f"s{place}", variables=variables, reference=f"Revenue in 2024 was 12 million. Profit fell. Case {place}.")
