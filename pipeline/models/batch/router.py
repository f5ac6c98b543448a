"""Batch or on demand: what each costs and how long it takes, and what batch gives up. It shows; a person chooses."""

from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.models.batch.records import CANARY, FEWEST, NEEDED, TIER, spans
from pipeline.models.lanes import SAMPLES
from pipeline.models.prices import Prices
from pipeline.records import Usage

SECONDS, AT_ONCE = 2.0, 16
"""What an estimate takes for one answer and for calls at once, where nothing is measured yet."""
LONGEST_H = 24
"""Hours after which a job that is not done ends with what it has; the least that the service takes."""
GIVES_UP = (
    f"no latency of the samples that go by batch (the first {SAMPLES} stay on demand and are timed), and no promise of when "
    f"it is done: usually hours, at most {LONGEST_H} for a job"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Both ways for one run: `batch` samples by `jobs` jobs and `on_demand` beside them, in USD, against all on demand.

    `why_not` is empty where batch is possible; the figures are 0 where it is not.
    """

    ref: str
    batch: int = 0
    on_demand: int = 0
    jobs: int = 0
    usd_batch: float = 0.0
    usd_on_demand: float = 0.0
    seconds_on_demand: float = 0.0
    why_not: str = ""


def offer(ref: str, samples: int, a_call: Usage, prices: Prices, *, tools: bool = False, lane: int = SAMPLES) -> Offer:
    """What `samples` calls like `a_call` would be either way. The first `lane` of them are asked on demand whatever is chosen."""
    rest = max(0, samples - lane)
    if why := why_not(ref, rest, prices, tools=tools):
        return Offer(ref=ref, why_not=why)
    price = prices.of(ref)
    one, by_batch = price.of(a_call), price.of(a_call, TIER)
    return Offer(
        ref=ref,
        batch=rest,
        on_demand=samples - rest,
        jobs=len(list(spans(samples - rest, samples))),
        usd_batch=(samples - rest) * one + rest * by_batch,
        usd_on_demand=samples * one,
        seconds_on_demand=samples * SECONDS / AT_ONCE,
    )


def why_not(ref: str, rest: int, prices: Prices, *, tools: bool) -> str:
    """Why `rest` samples of a run cannot go by batch, with the way out where there is one; empty where they can."""
    if not ref.startswith("bedrock:"):
        return "batch jobs are Bedrock's, and this model is not on Bedrock"
    if rest < NEEDED:
        return (
            f"a job has at least {FEWEST} records after {CANARY} calls on demand, and {rest:,} samples are left beside those "
            "that are timed"
        )
    if tools:
        return "batch jobs take no tools"
    try:
        prices.of(ref).tier(TIER)
    except InputError as error:
        return error.message
    return ""
