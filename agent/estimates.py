"""What each stage of a plan will take: calls, time and money of the models, and of the judge beside them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from db.records import DatasetVersion, Estimate, MetricCost
from pipeline.records import Criteria, Sample

if TYPE_CHECKING:
    from pipeline.metrics.guide import Cost, PriceOf

CANDIDATES_GUESS = 4
BARS = 3
SECONDS = {"recorded": 0.0, "scripted": 0.02, "local": 0.5, "bedrock": 2.0, "openai": 2.0}
IN_FLIGHT = {"recorded": 64, "scripted": 8, "local": 1, "bedrock": 16, "openai": 16}
FREE = {"recorded": "replays what is in the file; nothing is charged", "scripted": "a script; nothing is charged"}
FREE["local"] = "runs on this machine; nothing is charged"
UNKNOWN_PRICE = "the price is unknown in this version"
JUDGING = "judging: "


def provider(ref: str) -> str:
    return ref.partition(":")[0].strip().lower()


def of_models(source: str, targets: Sequence[str], dataset: DatasetVersion, samples: Sequence[Sample]) -> Iterator[Estimate]:
    """The stages in which source and targets answer."""
    dev, test = dataset.dev, dataset.test
    yield _estimate("baseline", (source,), dev + test, _recorded_seconds(samples))
    yield _estimate("candidates", targets, CANDIDATES_GUESS * dev, None, f"about {CANDIDATES_GUESS} prompts each")
    yield _estimate("targets", targets, BARS * test, None, f"at most {BARS} prompts each")


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
        "candidates": (CANDIDATES_GUESS * dataset.dev * targets, 0),
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


def _estimate(stage: str, refs: Sequence[str], calls: int, seconds: float | None, note: str = "") -> Estimate:
    """`calls` for each model, one model after the other; an unknown price is None with a note, never 0."""
    kinds = list(dict.fromkeys(provider(ref) for ref in refs))
    basis = "from the recorded latency" if seconds else "time by a rule of thumb"
    money = [FREE.get(kind, UNKNOWN_PRICE) for kind in kinds]
    return Estimate(
        stage=stage,
        calls=calls * len(refs),
        seconds=round(sum(calls * _pace(provider(ref), seconds) for ref in refs), 1),
        usd=None,
        note="; ".join(part for part in (note, basis, *dict.fromkeys(money)) if part),
    )


def _pace(kind: str, seconds: float | None) -> float:
    """Seconds a call adds to a stage. A recorded output is read, however long the model took for it once."""
    alone = SECONDS.get(kind, 2.0) if seconds is None or kind == "recorded" else seconds
    return alone / IN_FLIGHT.get(kind, 8)


def _recorded_seconds(samples: Sequence[Sample]) -> float | None:
    known = [s.recorded.latency_s for s in samples if s.recorded and s.recorded.latency_s is not None]
    return sum(known) / len(known) if known else None
