"""What a search will take, told before it begins: calls on dev by step, the one look at test, and money at most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.models.prices import Price
from pipeline.prompts.cost import usage_of_a_call
from pipeline.prompts.methods.gepa import why_not
from pipeline.prompts.methods.rewrite import REPLIES
from pipeline.prompts.port import Ask
from pipeline.prompts.search.evolution import MINIBATCH, slices
from pipeline.prompts.search.halving import rungs
from pipeline.prompts.search.loop import RESCORED
from pipeline.records import Candidate, Usage

TURNS = 15
"""Turns of GEPA that a budget nobody named reaches for."""
REFLECTION = Usage(input_tokens=8000, output_tokens=2000)
"""A call of the writer as planned; what is counted is what it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Calls at most, by step; USD of target calls on dev, of the writer and on test at their expected length, None if unknown;
    `test_usd` is the part of it for the look at test.

    `no_gepa` is the sentence why GEPA will not start, whatever dev says; None where it may.
    """

    bars: int
    halving: int
    writing: int
    gepa: int
    test: int
    source: int
    usd: float | None
    test_usd: float | None
    no_gepa: str | None

    @property
    def dev(self) -> int:
        """Calls on dev at most, all steps together."""
        return self.bars + self.halving + self.writing + self.gepa + self.source

    @property
    def calls(self) -> int:
        return self.dev + self.test


def plan(
    ask: Ask, candidates: Sequence[Candidate], bars: int, prices: Mapping[str, Price], *, asks_source: bool, conversions: int = 0
) -> Plan:
    """For `candidates`, of which `bars` are bars among those that pass the guards; `asks_source` when the source is called,
    `conversions` of them are still to be written.
    """
    passed = [candidate for candidate in candidates if candidate.refusal is None]
    dev, rivals = len(ask.dev), max(0, len(passed) - bars)
    missing = why_not(ask)
    slice_, rest = slices(ask.dev)
    turns = 0 if missing else TURNS
    gepa = turns * (MINIBATCH + len(slice_)) + RESCORED * len(rest) * bool(turns)
    looks = len(ask.held_out)
    found = Plan(
        bars=bars * dev,
        halving=halving_calls(dev, rivals),
        writing=REPLIES * conversions,
        gepa=gepa + turns,
        test=looks * (bars + 1 + asks_source),
        source=dev * asks_source,
        usd=None,
        test_usd=None,
        no_gepa=missing,
    )
    return _priced(found, ask, prices, turns)


def halving_calls(dev: int, rivals: int) -> int:
    """Calls that successive halving takes at most."""
    calls, before, left = 0, 0, rivals
    for total in rungs(dev, rivals):
        calls, before = calls + left * (total - before), total
        left = min(left, max(2, -(-left // 2)))
    return calls


def _priced(found: Plan, ask: Ask, prices: Mapping[str, Price], turns: int) -> Plan:
    price, writing = prices.get(ask.target), prices.get(ask.writer.ref) if ask.writer else None
    asking = prices.get(ask.source) if found.source else price
    replies = turns + found.writing
    if price is None or asking is None or (replies and writing is None):
        return found
    usage, of_source = usage_of_a_call(ask.prompt, ask.dev), len(ask.held_out) if found.source else 0
    test = (found.test - of_source) * price.of(usage) + of_source * asking.of(usage)
    usd = (found.bars + found.halving + found.gepa - turns) * price.of(usage) + found.source * asking.of(usage) + test
    usd += replies * writing.of(REFLECTION) if writing else 0.0
    return replace(found, usd=usd, test_usd=test)
