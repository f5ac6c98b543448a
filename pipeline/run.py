"""The runner: one prompt, one model, many samples, a bounded number of calls at once. It stores nothing; the caller does."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from dataclasses import dataclass

from pipeline.prompts.template import render, variables
from pipeline.records import Model, Output, PromptVersion, Request, Sample


@dataclass(frozen=True, slots=True)
class _End:
    """The last thing in the queue: the run is over, by `error` or well."""

    error: Exception | None = None


Queue = asyncio.Queue[Output | _End]


async def answer(
    model: Model,
    prompt: PromptVersion,
    samples: Iterable[Sample],
    *,
    skip: Collection[str] = (),
    in_flight: int | None = None,
) -> AsyncGenerator[Output, None]:
    """The outputs of `model` to `prompt` for each sample whose id is not in `skip`, in the order they complete.

    At most `in_flight` calls are open (default: the model's own concurrency) and at most twice as many outputs are in memory,
    also when the reader is slow and `samples` is an iterator without end. A failed call is an output with a failure. Close the
    iterator (`contextlib.aclosing`) to cancel what is in flight; to resume, run again with the stored ids in `skip`.

    Raises InputError for a sample the prompt cannot be rendered with: before any call when `samples` is a collection, before
    the call of that sample (outputs already made come first) when it is an iterator.
    """
    if isinstance(samples, Collection):
        _check(prompt, samples)
    width = max(1, in_flight or model.concurrency)
    queue: Queue = asyncio.Queue(maxsize=width)
    calls = asyncio.create_task(_call_all(model, _requests(prompt, samples, frozenset(skip)), queue, width))
    try:
        while not isinstance(item := await queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        calls.cancel()
        await asyncio.wait([calls])


async def _call_all(model: Model, requests: Iterator[Request], queue: Queue, width: int) -> None:
    error: Exception | None = None
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(width):
                group.create_task(_call(model, requests, queue))
    except ExceptionGroup as raised:
        error = raised.exceptions[0]
    await queue.put(_End(error))


async def _call(model: Model, requests: Iterator[Request], queue: Queue) -> None:
    for request in requests:  # shared by all callers: each takes the next one
        await queue.put(await model.answer(request))


def _requests(prompt: PromptVersion, samples: Iterable[Sample], skip: frozenset[str]) -> Iterator[Request]:
    return (render(prompt, sample) for sample in samples if sample.id not in skip)


def _check(prompt: PromptVersion, samples: Iterable[Sample]) -> None:
    """Renders the samples that lack a variable as it is written: some are found by another capitalisation, the others raise."""
    wanted = set(variables(prompt))
    for sample in samples:
        if not wanted <= sample.variables.keys():
            render(prompt, sample)
