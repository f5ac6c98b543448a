"""What judging would cost, before anything is spent: calls and tokens from what a metric takes for one cell, times its cells."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from pipeline.errors import InputError
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.registry import catalog
from pipeline.records import Criteria, Usage


class Priced(Protocol):
    """The price of a model: USD for tokens used on demand."""

    def of(self, usage: Usage) -> float: ...


PriceOf = Callable[[str], Priced]
"""The price of a model by ref. Raises InputError for one it does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one metric takes of a judge over `cells` answers; `usd` is None where the price is not known."""

    metric: str
    cells: int
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None = None


def cost(name: str, cells: int, criteria: Criteria, price_of: PriceOf | None = None) -> Cost | None:
    """What judging `cells` answers by the metric `name` takes; None for a metric that asks no judge.

    The tokens are those of texts of ordinary length (a few hundred tokens); long contexts cost more.
    """
    metric = catalog(criteria).get(name)
    if criteria.judge is None or not isinstance(metric, JudgedMetric) or not metric.calls:
        return None
    used = Usage(input_tokens=metric.input_tokens * cells, output_tokens=metric.output_tokens * cells)
    return Cost(
        metric=name,
        cells=cells,
        calls=metric.calls * cells,
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        usd=_usd(criteria.judge.model, used, price_of),
    )


def total(costs: Iterable[Cost]) -> Cost:
    """All of them together; the money is unknown as soon as one of them is."""
    every = tuple(costs)
    money = [each.usd for each in every if each.usd is not None]
    return Cost(
        metric="all",
        cells=sum(each.cells for each in every),
        calls=sum(each.calls for each in every),
        input_tokens=sum(each.input_tokens for each in every),
        output_tokens=sum(each.output_tokens for each in every),
        usd=sum(money) if len(money) == len(every) else None,
    )


def _usd(judge: str, used: Usage, price_of: PriceOf | None) -> float | None:
    if price_of is None:
        return None
    try:
        return price_of(judge).of(used)
    except InputError:
        return None
