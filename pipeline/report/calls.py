"""What a report keeps of how the calls of a run went, beside what they answered."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.records import Lane, Output
from pipeline.report.records import CallFacts

USD_DIGITS = 9


def told(outputs: Sequence[Output | None]) -> dict[str, Any]:
    """The fields of RunFacts about calls, for outputs in the order of the samples; nothing where nothing was told."""
    made = [output for output in outputs if output is not None]
    usages = [output.usage if output else None for output in outputs]
    found: dict[str, Any] = {
        "lane": Lane.LATENCY.value if any(output.lane is Lane.LATENCY for output in made) else "",
        "cache_read_tokens": _any([usage.cache_read_tokens if usage else 0 for usage in usages]),
        "cache_write_tokens": _any([usage.cache_write_tokens if usage else 0 for usage in usages]),
        "tiers": _any([output.tier if output else "" for output in outputs]),
    }
    facts = _facts(made)
    return found if facts == CallFacts(attempts=len(made)) else {**found, "calls": facts}


def _facts(outputs: Sequence[Output]) -> CallFacts:
    costs = [output.usd for output in outputs if output.usd is not None]
    return CallFacts(
        attempts=sum(output.attempts for output in outputs),
        retried=_counted(each.kind for output in outputs for each in output.retried),
        tiers=_counted(output.tier for output in outputs if output.tier),
        regions=tuple(sorted({output.region for output in outputs} - {""})),
        usd=round(sum(costs), USD_DIGITS) if costs else None,
        priced=len(costs),
        price_ids=tuple(sorted({output.price_id for output in outputs} - {""})),
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _any(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(values) if any(values) else ()
