"""What a report keeps of how the calls of a run went, beside what they answered."""

from array import array
from collections import Counter
from math import fsum
from typing import Any

from pipeline.columns import Counts
from pipeline.records import Lane, Output
from pipeline.report.records import CallFacts

USD_DIGITS = 9


class CallCells:
    """The calls of one run over `n` samples, from its outputs in any order."""

    def __init__(self, n: int) -> None:
        self._read, self._written = array(Counts.code, [0]) * n, array(Counts.code, [0]) * n
        self._tiers = [""] * n
        self._lane, self._made, self._attempts = "", 0, 0
        self._retried, self._used = Counter[str](), Counter[str]()
        self._regions, self._price_ids = set[str](), set[str]()
        self._usd = array("d")

    def add(self, output: Output, place: int) -> None:
        """`place` is the sample's in the columns."""
        self._made += 1
        self._attempts += output.attempts
        self._retried.update(each.kind for each in output.retried)
        self._used.update([output.tier] if output.tier else [])
        self._tiers[place] = output.tier
        self._regions.add(output.region)
        self._price_ids.add(output.price_id)
        if output.lane is Lane.LATENCY:
            self._lane = Lane.LATENCY.value
        if output.usd is not None:
            self._usd.append(output.usd)
        if output.usage is not None:
            self._read[place], self._written[place] = output.usage.cache_read_tokens, output.usage.cache_write_tokens

    def told(self) -> dict[str, Any]:
        """The fields of RunFacts about calls; nothing where nothing was told."""
        facts = CallFacts(
            attempts=self._attempts,
            retried=dict(sorted(self._retried.items())),
            tiers=dict(sorted(self._used.items())),
            regions=tuple(sorted(self._regions - {""})),
            usd=round(fsum(self._usd), USD_DIGITS) if self._usd else None,
            priced=len(self._usd),
            price_ids=tuple(sorted(self._price_ids - {""})),
        )
        found: dict[str, Any] = {
            "lane": self._lane,
            "cache_read_tokens": _any(self._read),
            "cache_write_tokens": _any(self._written),
            "tiers": tuple(self._tiers) if any(self._tiers) else (),
        }
        return found if facts == CallFacts(attempts=self._made) else {**found, "calls": facts}


def is_timed(output: Output) -> bool:
    """Whether its times are those of an answer: not of a failure, and not of a call made for throughput."""
    return output.text is not None and output.lane is not Lane.BULK


def _any(held: "array[Any]") -> Counts:
    return Counts.of(held) if any(held) else Counts()
