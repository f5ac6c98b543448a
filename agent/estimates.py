"""What each stage of a plan will take: calls, time and money of the models, and of the judge beside them."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from db.records import DatasetVersion, Estimate, MetricCost, Plan
from pipeline.errors import InputError
from pipeline.models.prices import Prices
from pipeline.records import Criteria, Sample, Usage

if TYPE_CHECKING:
    from pipeline.metrics.guide import Cost, PriceOf

CANDIDATES_GUESS = 4
BARS, BARS_ON_DEV = 3, 2
SEARCH, CONVERSION = "search", "conversion"
TOLD_A_WRITER = 2000
"""Tokens of what a writer is told beside the prompt."""
UNPRICED = "the price of"
SECONDS = {"recorded": 0.0, "scripted": 0.02, "local": 0.5, "bedrock": 2.0, "openai": 2.0}
IN_FLIGHT = {"recorded": 64, "scripted": 8, "local": 1, "bedrock": 16, "openai": 16}
FREE = {"recorded": "replays what is in the file; nothing is charged", "scripted": "a script; nothing is charged"}
FREE["local"] = "runs on this machine; nothing is charged"
UNKNOWN_PRICE = "the price is unknown in this version"
JUDGING = "judging: "


def provider(ref: str) -> str:
    return ref.partition(":")[0].strip().lower()


def writer_ref(operators: str, criteria: Criteria) -> str:
    """The model that may be asked to write prompts: the operator's, else the plan's judge; empty where there is neither.

    A judge that says what a file says writes nothing; the operator may name such a one all the same.
    """
    judge = criteria.judge.model if criteria.judge else ""
    return operators or ("" if provider(judge) in {"recorded", "scripted"} else judge)


def of_models(
    source: str, targets: Sequence[str], dataset: DatasetVersion, samples: Sequence[Sample], a_call: Usage, prices: Prices
) -> Iterator[Estimate]:
    """The stages in which source and targets answer."""
    dev, test = dataset.dev, dataset.test
    taken = partial(_usd, a_call=a_call, prices=prices)
    yield _estimate("baseline", (source,), dev + test, taken, _recorded_seconds(samples))
    note = f"about {CANDIDATES_GUESS} prompts each, the weaker ones on a part of dev"
    yield _estimate("candidates", targets, narrowed_calls(dev), taken, None, note)
    yield _estimate("targets", targets, BARS * test, taken, None, f"at most {BARS} prompts each")


def narrowed_calls(dev: int) -> int:
    """Calls of one target's candidates on dev: the bars on all of it, the others by successive halving."""
    from pipeline.prompts.search.plan import halving_calls

    return BARS_ON_DEV * dev + halving_calls(dev, CANDIDATES_GUESS - BARS_ON_DEV)


def of_search(writer: str, targets: Sequence[str], dev: int, a_call: Usage, prices: Prices) -> Iterator[Estimate]:
    """The search for better prompts, at most; nothing without a model that writes them, or where dev is too small for it."""
    from pipeline.prompts.methods.gepa import SMALLEST_DEV
    from pipeline.prompts.search.plan import REFLECTION, TURNS

    if not writer or dev < SMALLEST_DEV:
        return
    asked = _estimate(SEARCH, targets, search_calls(dev) - TURNS, partial(_usd, a_call=a_call, prices=prices), None)
    written = _estimate(SEARCH, (writer,), TURNS * len(targets), partial(_usd, a_call=REFLECTION, prices=prices), None)
    charged = [each.usd for each in (asked, written) if each.note.find(UNPRICED) < 0 and each.usd is not None]
    unknown = any(UNPRICED in each.note for each in (asked, written))
    yield Estimate(
        stage=SEARCH,
        calls=asked.calls + written.calls,
        seconds=asked.seconds + written.seconds,
        usd=None if unknown or not charged else sum(charged),
        note="at most, and only for a target that is behind the source by more than the margin"
        + ("; the price of a model is unknown" if unknown else ""),
    )


def of_conversion(writer: str, targets: Sequence[str], a_call: Usage, prices: Prices) -> Iterator[Estimate]:
    """The writer's calls for conversions, at most; nothing without a model that writes prompts."""
    from pipeline.prompts.methods.rewrite import ALL

    if not writer:
        return
    written = Usage(input_tokens=a_call.input_tokens + TOLD_A_WRITER, output_tokens=2 * a_call.input_tokens)
    note = f"at most: {len(ALL)} prompts for each target, each asked for twice where a reply cannot be used"
    taken = partial(_usd, a_call=written, prices=prices)
    yield _estimate(CONVERSION, (writer,), 2 * len(ALL) * len(targets), taken, None, note)


def search_calls(dev: int) -> int:
    """Calls that the search for a better prompt of one target may take, the writer's among them."""
    from pipeline.prompts.search.evolution import LARGEST_SLICE, MINIBATCH, SMALLEST_SLICE
    from pipeline.prompts.search.loop import RESCORED
    from pipeline.prompts.search.plan import TURNS

    slice_ = min(LARGEST_SLICE, max(SMALLEST_SLICE, dev // 2))
    return TURNS * (MINIBATCH + slice_) + RESCORED * max(0, dev - slice_) + TURNS


def search_budget(plan: Plan, dev: int) -> tuple[int, float | None]:
    """Calls and USD that the plan grants the search of one target; no cap in money where the plan shows none."""
    planned = next((each for each in plan.estimates if each.stage == SEARCH), None)
    if planned is None:
        return search_calls(dev), None
    share = max(1, len(plan.targets))
    return planned.calls // share, None if planned.usd is None else planned.usd / share


def of_judge(
    criteria: Criteria, targets: int, dataset: DatasetVersion, price_of: "PriceOf | None" = None
) -> tuple[tuple[Estimate, ...], tuple[MetricCost, ...]]:
    """The judge's part of each stage, and of each metric over all stages; nothing without a judge."""
    if criteria.judge is None:
        return (), ()
    from pipeline.metrics.guide import total

    by_stage = {stage: list(_costs(criteria, cells, price_of)) for stage, cells in _cells(targets, dataset).items()}
    estimates = [_judging(stage, total(found), criteria.judge.model) for stage, found in by_stage.items() if found]
    every = [each for found in by_stage.values() for each in found]
    sums = [(name, total(each for each in every if each.metric == name)) for name in dict.fromkeys(c.metric for c in every)]
    costs = tuple(
        MetricCost(metric=name, calls=c.calls, input_tokens=c.input_tokens, output_tokens=c.output_tokens, usd=c.usd)
        for name, c in sums
    )
    return tuple(estimates), costs


def _cells(targets: int, dataset: DatasetVersion) -> dict[str, tuple[int, int]]:
    """Answers on dev and on test by stage: dev needs only what decides."""
    return {
        "baseline": (dataset.dev, dataset.test),
        "candidates": (narrowed_calls(dataset.dev) * targets, 0),
        "targets": (0, BARS * dataset.test * targets),
    }


def _costs(criteria: Criteria, cells: tuple[int, int], price_of: "PriceOf | None") -> "Iterator[Cost]":
    from pipeline.metrics.guide import cost, judged_on
    from pipeline.records import Split

    dev, test = cells
    on_dev = judged_on(criteria, Split.DEV)
    for name in judged_on(criteria, Split.TEST):
        answers = (dev if name in on_dev else 0) + test
        found = cost(name, answers, criteria, price_of) if answers else None
        if found:
            yield found


def _judging(stage: str, taken: "Cost", judge: str) -> Estimate:
    kind = provider(judge)
    tokens = f"about {_short(taken.input_tokens)} tokens in and {_short(taken.output_tokens)} out"
    return Estimate(
        stage=f"{JUDGING}{stage}",
        calls=taken.calls,
        seconds=round(taken.calls * SECONDS.get(kind, 2.0) / IN_FLIGHT.get(kind, 8), 1),
        usd=None if kind in FREE else taken.usd,
        note="; ".join(part for part in (tokens, FREE.get(kind) or (UNKNOWN_PRICE if taken.usd is None else "")) if part),
    )


def _short(tokens: int) -> str:
    return f"{tokens / 1e6:.1f} M" if tokens >= 1_000_000 else f"{max(tokens // 1000, 1):,} k"


def _estimate(
    stage: str, refs: Sequence[str], calls: int, taken: Callable[[str, int], float], seconds: float | None, note: str = ""
) -> Estimate:
    """`calls` for each model, one model after the other; an unknown price is None with a note, never 0."""
    basis = "from the recorded latency" if seconds else "time by a rule of thumb"
    usd, money = _money(refs, calls, taken)
    return Estimate(
        stage=stage,
        calls=calls * len(refs),
        seconds=round(sum(calls * _pace(provider(ref), seconds) for ref in refs), 1),
        usd=usd,
        note="; ".join(part for part in (note, basis, *money) if part),
    )


def _money(refs: Sequence[str], calls: int, taken: Callable[[str, int], float]) -> tuple[float | None, list[str]]:
    """What the charged models take, None as soon as one's price is unknown or none is charged; and what to know about it."""
    notes = [FREE[provider(ref)] for ref in refs if provider(ref) in FREE]
    charged, usd, unknown = [ref for ref in refs if provider(ref) not in FREE], 0.0, False
    for ref in charged:
        try:
            usd += taken(ref, calls)
        except InputError:
            unknown = True
            notes.append(f"the price of {ref} is unknown")
    return (usd if charged and not unknown else None), list(dict.fromkeys(notes))


def _usd(ref: str, calls: int, *, a_call: Usage, prices: Prices) -> float:
    """Raises InputError for an unknown price."""
    tokens = Usage(input_tokens=a_call.input_tokens * calls, output_tokens=a_call.output_tokens * calls)
    return prices.of(ref).of(tokens)


def _pace(kind: str, seconds: float | None) -> float:
    """Seconds a call adds to a stage. A recorded output is read, however long the model took for it once."""
    alone = SECONDS.get(kind, 2.0) if seconds is None or kind == "recorded" else seconds
    return alone / IN_FLIGHT.get(kind, 8)


def _recorded_seconds(samples: Sequence[Sample]) -> float | None:
    known = [s.recorded.latency_s for s in samples if s.recorded and s.recorded.latency_s is not None]
    return sum(known) / len(known) if known else None
