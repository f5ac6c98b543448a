"""The runner: one prompt, one model, many samples, a bounded number of calls at once. It stores nothing; the caller does."""

from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from pipeline.pool import bounded
from pipeline.prompts.steps.finish import finish, finished
from pipeline.prompts.template import render, variables
from pipeline.records import Lane, Model, Output, PromptVersion, Request, Sample


async def answer(
    model: Model,
    prompt: PromptVersion,
    samples: Iterable[Sample],
    *,
    skip: Collection[str] = (),
    in_flight: int | None = None,
    lane: Lane = Lane.NONE,
) -> AsyncGenerator[Output, None]:
    """The outputs of `model` to `prompt` for each sample whose id is not in `skip`, in the order they complete.

    At most `in_flight` calls are open (default: the model's own concurrency) and at most twice as many outputs are in memory,
    also when the reader is slow and `samples` is an iterator without end. A failed call is an output with a failure; a text is as
    the prompt's `finish` steps leave it. Calls of the bulk `lane` do not stream. Close the iterator (`contextlib.aclosing`) to
    cancel what is in flight; to resume, run again with the stored ids in `skip`.

    Raises InputError for a sample the prompt cannot be rendered with: before any call when `samples` is a collection, before
    the call of that sample (outputs already made come first) when it is an iterator.
    """
    finished(prompt.finish, "")  # refuses an unknown step before a call is paid
    if isinstance(samples, Collection):
        check(prompt, samples)
    done = frozenset(skip)
    calls = (partial(_call, model, prompt, render(prompt, sample), lane) for sample in samples if sample.id not in done)
    async with aclosing(bounded(calls, in_flight or model.concurrency)) as outputs:
        async for output in outputs:
            yield output


async def _call(model: Model, prompt: PromptVersion, request: Request, lane: Lane) -> Output:
    if lane is Lane.NONE:
        return finish(prompt.finish, await model.answer(request))
    output = await model.answer(replace(request, stream=lane is not Lane.BULK))
    return finish(prompt.finish, replace(output, lane=lane))


def check(prompt: PromptVersion, samples: Iterable[Sample]) -> None:
    """Raises InputError for a sample the prompt cannot be rendered with.

    Renders the samples that lack a variable as it is written: some are found by another capitalisation, the others raise.
    """
    wanted = {*variables(prompt), *({prompt.tools.variable} if prompt.tools and prompt.tools.variable else ())}
    for sample in samples:
        if not wanted <= sample.variables.keys():
            render(prompt, sample)
