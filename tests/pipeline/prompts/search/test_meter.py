"""The budget: a batch is admitted as a whole or not at all, every call counts once, money is not capped blindly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.models.failures import failure
from pipeline.models.prices import Price, Prices
from pipeline.prompts.search.meter import Call, Meter, SpentError, Used, prices_for
from pipeline.records import Failure, Output, Parameters, Request, Spent, Turn, Usage

REF = "bedrock:m"
PRICE = Price(ref=REF, model="m", input=1.0, output=2.0)  # USD per million tokens
REQUEST = Request(sample_id="s", system="", turns=(Turn(role="user", text="x" * 300),), parameters=Parameters(max_tokens=100))


def asked(n: int, start: int = 0, ref: str = REF) -> dict[Call, Request]:
    return {Call(model=ref, asked="p", sample_id=f"s{i}"): REQUEST for i in range(start, start + n)}


USAGE = Usage(input_tokens=1000, output_tokens=500)


def answered(usage: Usage | None = USAGE, failed: Failure | None = None) -> Output:
    return Output(sample_id="s", text=None if failed else "yes", usage=usage, failure=failed)


def count(meter: Meter, batch: dict[Call, Request], output: Output | None = None) -> None:
    for call, request in batch.items():
        meter.count(call, output or answered(), request)


def test_a_batch_that_does_not_fit_is_refused_before_its_first_call() -> None:
    meter = Meter(most_calls=10)
    meter.admit(REF, asked(7))
    count(meter, asked(7))
    meter.admit(REF, asked(3, 7))
    with pytest.raises(SpentError, match="10 calls is used up: 7 were made, the next step takes 4"):
        meter.admit(REF, asked(4, 7))
    assert meter.used.calls == 7


def test_calls_kept_for_the_end_are_not_given_away() -> None:
    meter = Meter(most_calls=10)
    meter.admit(REF, asked(5), leave=5)
    with pytest.raises(SpentError, match="with 5 kept for the end"):
        meter.admit(REF, asked(6), leave=5)


def test_money_kept_for_test_is_not_spent_on_dev_and_a_first_batch_is_admitted_as_planned() -> None:
    meter = Meter(most_usd=1.0, kept_usd=0.6, prices={REF: PRICE}, planned={REF: 0.1})
    meter.admit(REF, asked(4))
    with pytest.raises(SpentError, match=r"\$1\.00 is used up: \$0\.00 were spent, \$0\.60 are kept for the look at test, and"):
        meter.admit(REF, asked(5))


def test_what_was_counted_costs_nothing_the_second_time() -> None:
    meter = Meter(most_calls=5, prices={REF: PRICE})
    count(meter, asked(5))
    before = meter.used
    meter.admit(REF, asked(5))
    count(meter, asked(5))
    assert meter.used == before
    assert before.usd == pytest.approx(5 * 0.002)


def test_money_is_admitted_by_what_such_calls_have_cost() -> None:
    meter = Meter(most_usd=0.01, prices={REF: PRICE})
    assert meter.expected(REF, REQUEST) == pytest.approx((100 * 1 + 100 * 2) / 1e6)
    count(meter, asked(2))
    assert meter.expected(REF, REQUEST) == pytest.approx(0.002)
    meter.admit(REF, asked(3, 2))
    with pytest.raises(SpentError, match=r"\$0.01 is used up: \$0.00 were spent, and the next step may cost \$0.01"):
        meter.admit(REF, asked(4, 2))


@pytest.mark.parametrize(("kind", "usd"), [("timeout", 300 / 1e6), ("guardrail", 300 / 1e6), ("throttled", 0.0)])
def test_failed_calls_count_and_cost_what_they_were_charged(kind: str, usd: float) -> None:
    meter = Meter(prices={REF: PRICE})
    count(meter, asked(1), answered(None, failure(kind)))
    assert meter.used.calls == 1
    assert meter.used.usd == pytest.approx(usd)


def test_recorded_answers_are_no_calls() -> None:
    meter = Meter(most_calls=1)
    batch = asked(9, ref="recorded:old")
    meter.admit("recorded:old", batch)
    count(meter, batch)
    assert meter.used.calls == 0


def test_a_judges_calls_are_counted_too() -> None:
    meter = Meter(prices={REF: PRICE})
    cell = Call(model=REF, asked="p:helpful", sample_id="s1")
    for _ in range(2):
        meter.judged(cell, Spent(calls=2, input_tokens=1000, output_tokens=500))
    assert meter.used.calls == 2
    assert meter.used.usd == pytest.approx(0.002)


def test_a_judges_calls_are_set_aside_as_those_before_took() -> None:
    meter = Meter(most_calls=20, most_usd=0.02, prices={REF: PRICE})
    count(meter, asked(2))
    for n in range(2):
        meter.judged(Call(model=REF, asked="p:helpful", sample_id=f"s{n}"), Spent(calls=3, input_tokens=500, output_tokens=0))
    meter.admit(REF, asked(5, 2), judged=False)
    meter.admit(REF, asked(3, 2), judged=True)
    with pytest.raises(SpentError, match=r"8 were made, the next step takes 4 and 12 of the judge's"):
        meter.admit(REF, asked(4, 2), judged=True)


def test_everyone_who_listens_hears_of_every_call() -> None:
    heard: list[Used] = []
    meter = Meter(heard=heard.append)
    count(meter, asked(3))
    assert [used.calls for used in heard] == [1, 2, 3]


def test_a_cap_in_money_needs_every_price() -> None:
    prices = Prices()
    assert prices_for(["bedrock:none.such", ""], prices, most_usd=None) == {}
    with pytest.raises(InputError, match=r"A cap in money cannot be held: The price of bedrock:none\.such is unknown"):
        prices_for(["bedrock:none.such"], prices, most_usd=1.0)
    assert prices_for(["recorded:none.such"], prices, most_usd=1.0) == {}


@given(most=st.integers(1, 60), batches=st.lists(st.integers(1, 20), max_size=20))
def test_no_order_of_batches_passes_the_cap(most: int, batches: list[int]) -> None:
    meter, made = Meter(most_calls=most), 0
    for size in batches:
        batch = asked(size, made)
        try:
            meter.admit(REF, batch)
        except SpentError:
            continue
        count(meter, batch)
        made += size
    assert meter.used.calls == made <= most
