"""Trying again, visibly: exponential backoff with full jitter above one attempt.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from pipeline.models.failures import FIXED, KINDS, as_retry
from pipeline.models.settings import ModelSettings
from pipeline.records import Output, Retry


def nothing_asked() -> float:
    """The wait of a provider that names none."""
    return 0.0


async def with_retries(
    attempt: Callable[[], Awaitable[Output]], settings: ModelSettings, asked: Callable[[], float] = nothing_asked
) -> Output:
    """The first output that has no failure worth retrying, or the last one; its `retried` are the calls made before it.

    `asked` gives the seconds the provider wants to be left alone after the last attempt (Retry-After). They are waited before
    the backoff begins, so that many callers do not come back together, and never longer than the settings' longest wait.
    """
    failed: list[Retry] = []
    number = 1
    while True:
        output = await attempt()
        if output.failure is None or not KINDS[output.failure.kind].retry or number >= settings.attempts:
            return after(failed, output)
        failed += [*output.retried, as_retry(output)]
        await settings.sleep(min(asked(), settings.backoff_limit_s) + pause(number, settings))
        number += 1


def after(failed: Sequence[Retry], output: Output) -> Output:
    """`output` with the attempts that were made before it; `attempts` counts those that said something of the model."""
    retried = (*failed, *output.retried)
    return replace(output, retried=retried, attempts=1 + sum(each.kind != FIXED for each in retried))


def pause(failed: int, settings: ModelSettings) -> float:
    """Seconds to wait after `failed` attempts (1 or more)."""
    return settings.jitter() * min(settings.backoff_limit_s, settings.backoff_s * 2.0 ** (failed - 1))
