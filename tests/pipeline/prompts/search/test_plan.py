"""The plan: what a search is said to take is what it takes at most, and money is told only where every price is known."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.models.prices import Price
from pipeline.prompts.search.halving import narrow
from pipeline.prompts.search.plan import halving_calls, plan
from pipeline.records import Candidate
from tests.pipeline.decide import runs
from tests.pipeline.prompts.search.world import TASK, WRITER, asking, samples, writer

DEV, TEST = samples(60, "dev"), samples(80, "test")
CANDIDATES = tuple(
    Candidate(target=TASK, prompt=replace(asking(DEV).prompt, user=f"{{question}} {{context}} {i}")) for i in range(6)
)
PRICES = {name: Price(ref=name, model=name, input=1.0, output=2.0) for name in (TASK, WRITER)}


@settings(max_examples=30)
@example(dev=180, rivals=9)
@given(dev=st.integers(1, 200), rivals=st.integers(0, 10))
def test_halving_takes_what_was_planned(dev: int, rivals: int) -> None:
    of = runs.samples(dev)
    left, made, before, total = [str(i) for i in range(rivals)], 0, 0, min(dev, 30) if dev >= 45 and rivals > 2 else dev
    while left and total > before:
        made, before = made + len(left) * (total - before), total
        results = [runs.run(of[:total], [1.0] * total, label=name) for name in left]
        after = narrow(results, runs.CRITERIA, dev)
        left, total = [name.removeprefix("hash of ") for name in after.keep], after.total
    assert halving_calls(dev, rivals) == made


def test_refused_candidates_take_nothing() -> None:
    refused = (replace(CANDIDATES[-1], refusal="It lost {question}."), *CANDIDATES[:2])
    found = plan(asking(DEV, TEST), refused, 2, PRICES, asks_source=False)
    assert (found.bars, found.halving, found.source, found.test) == (120, 0, 0, 240)
    assert found.calls == found.dev + found.test


def test_a_live_source_is_asked_on_dev_and_on_test() -> None:
    found = plan(asking(DEV, TEST), CANDIDATES[:2], 2, PRICES, asks_source=True)
    assert (found.source, found.test) == (60, 320)


def test_gepa_is_planned_where_it_may_start() -> None:
    without = plan(asking(DEV, TEST), CANDIDATES[:1], 1, PRICES, asks_source=False)
    with_writer = plan(replace(asking(DEV, TEST), writer=writer()), CANDIDATES[:1], 1, PRICES, asks_source=False)
    assert (without.gepa, with_writer.no_gepa) == (0, None)
    assert without.no_gepa is not None
    assert "Name one with --writer" in without.no_gepa
    assert with_writer.gepa == 15 * (8 + 30 + 1) + 2 * 30


def test_money_is_told_where_every_price_is_known() -> None:
    ask = replace(asking(DEV, TEST), writer=writer())
    known = plan(ask, CANDIDATES[:1], 1, PRICES, asks_source=False).usd
    assert known == pytest.approx(15 * (8000 * 1 + 2000 * 2) / 1e6, rel=0.5)
    assert plan(ask, CANDIDATES[:1], 1, {TASK: PRICES[TASK]}, asks_source=False).usd is None
    assert plan(asking(DEV, TEST), CANDIDATES[:1], 1, {TASK: PRICES[TASK]}, asks_source=False).usd is not None
