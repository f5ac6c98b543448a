"""The one judge: any model behind the port, asked for JSON, its rulings checked, cached and paid for once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pipeline.hashing import canonical_json, content_hash
from pipeline.metrics.judge.flight import SingleFlight
from pipeline.metrics.judge.ladder import Way
from pipeline.metrics.judge.parse import loads, misfit
from pipeline.metrics.judge.port import JudgeError, Question, Tab
from pipeline.metrics.judge.reading import UnusableError, read
from pipeline.metrics.judge.rulings import Ruling, RulingCache
from pipeline.records import Model, Output, Parameters, Request, Turn

MAX_TOKENS = 4096
SHOWN = 4000  # characters of an unusable reply that the judge is shown again
# Failures that cost nothing; any other call may have been paid for, also where the provider counted no tokens.
_FREE = frozenset(
    {
        "throttled",
        "daily_quota",
        "budget",
        "no_credit",
        "validation",
        "access",
        "model_not_enabled",
        "needs_inference_profile",
        "unknown_model",
        "not_recorded",
    }
)


class ModelJudge:
    """Rules by `model` at temperature 0. At most `concurrency` calls are open (default: what the model takes).

    What a model does not support (schemas, forced tools, a temperature) is learned from its first refusal. Retries of throttles
    and the like are the model's own; a reply that cannot be used is asked for once more.
    """

    def __init__(
        self,
        model: Model,
        cache: RulingCache,
        *,
        max_tokens: int = MAX_TOKENS,
        concurrency: int | None = None,
        way: Way | None = None,
    ) -> None:
        self.ref = model.ref
        self._model, self._cache, self._way = model, cache, way or Way()
        self._parameters = Parameters(max_tokens=max_tokens, temperature=0.0)
        self._places = asyncio.Semaphore(max(1, concurrency or model.concurrency))
        self._flights: SingleFlight[Ruling] = SingleFlight()

    async def ask(self, question: Question, tab: Tab) -> Any:  # noqa: ANN401  a JSON value that fits the question's schema
        """The ruling, from the cache where it is there. Raises JudgeError."""
        key = self.key(question)
        ruling = await self._flights.run(key, lambda: self._ruling(key, question, tab), tab.off_the_clock)
        return loads(ruling.text)

    def key(self, question: Question) -> str:
        """What the ruling is cached under: everything that could change it."""
        return content_hash([self.ref, self._parameters, question.name, question.schema, question.prompt, question.system])

    async def _ruling(self, key: str, question: Question, tab: Tab) -> Ruling:
        found = await self._cache.get(key)
        if found is not None and _usable(found, question):
            return found
        async with self._place(tab):
            ruling = await self._paid(key, question, tab)
        await self._cache.put(key, ruling)
        return ruling

    @asynccontextmanager
    async def _place(self, tab: Tab) -> AsyncIterator[None]:
        with tab.off_the_clock():
            await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()

    async def _paid(self, key: str, question: Question, tab: Tab) -> Ruling:
        turns = (Turn(role="user", text=question.prompt),)
        first = await self._answered(key, question, turns, tab)
        try:
            return self._as_ruling(read(first, question), first)
        except UnusableError as problem:
            again = await self._answered(key, question, _repair(question, problem), tab)
            try:
                return self._as_ruling(read(again, question), first, again)
            except UnusableError as still:
                raise JudgeError(still.kind, f"{still.message}, also when asked again") from still

    async def _answered(self, key: str, question: Question, turns: tuple[Turn, ...], tab: Tab) -> Output:
        """The reply on the highest rung of the ladder that the provider takes; what was learned on the way is kept."""
        way = self._way
        while True:
            output = await self._called(way.request(key, question, turns, self._parameters, self.ref), tab)
            lower = way.after(output.failure)
            if lower is None:
                if output.failure is None:
                    self._way = self._way.both(way)
                return output
            way = lower

    async def _called(self, request: Request, tab: Tab) -> Output:
        tab.calls += 1  # before the call: it is paid for also when the deadline cuts it off
        output = await self._model.answer(request)
        if output.failure is not None and output.failure.kind in _FREE and output.usage is None:
            tab.calls -= 1
        if output.usage is not None:
            tab.input_tokens += output.usage.input_tokens
            tab.output_tokens += output.usage.output_tokens
        return output

    def _as_ruling(self, value: Any, *outputs: Output) -> Ruling:  # noqa: ANN401
        used = [output.usage for output in outputs if output.usage is not None]
        return Ruling(
            judge=self.ref,
            text=canonical_json(value),
            input_tokens=sum(usage.input_tokens for usage in used),
            output_tokens=sum(usage.output_tokens for usage in used),
        )


def _usable(ruling: Ruling, question: Question) -> bool:
    try:
        value = loads(ruling.text)
    except ValueError:
        return False
    return misfit(value, question.schema) is None and (question.mismatch is None or question.mismatch(value) is None)


def _repair(question: Question, problem: UnusableError) -> tuple[Turn, ...]:
    asked = (
        f"Your reply cannot be used: {problem.message}. Reply again with the whole JSON object and nothing else. "
        f"It must fit this JSON schema:\n{question.schema}"
    )
    if not problem.said.strip():
        return (Turn(role="user", text=f"{question.prompt}\n\n{asked}"),)
    said = Turn(role="assistant", text=problem.said[:SHOWN].rstrip())
    return (Turn(role="user", text=question.prompt), said, Turn(role="user", text=asked))
