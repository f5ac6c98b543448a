"""What calls cost, what they may cost before, and a budget that many calls at once do not pass."""

import asyncio
from dataclasses import replace

import pytest

from pipeline.errors import InputError
from pipeline.models import ScriptedModel
from pipeline.models.charging import Charged, LocalPurse, charged, cost, estimated
from pipeline.models.failures import failure
from pipeline.models.prices import Entry, Price, Prices
from pipeline.records import Output, Request, Retry, Usage
from tests.pipeline.models.ask import request

REF = "bedrock:my.model"
ENTRY = Entry(model="my.model", provider="bedrock", input=1.0, output=10.0, cache_read=0.1, cache_write=1.25, flex_input=0.5,
              flex_output=5.0, source="a test", date="2026-11-25")  # fmt: skip
PRICES = Prices(overrides={REF: ENTRY})
PRICE = PRICES.of(REF)
USAGE = Usage(input_tokens=1_000_000, output_tokens=100_000)


def output(**changes: object) -> Output:
    return replace(Output(sample_id="s1", text="yes", usage=USAGE), **changes)  # type: ignore[arg-type]


def test_input_output_cache_and_tier_have_their_own_prices() -> None:
    assert PRICE.of(USAGE) == pytest.approx(1.0 + 1.0)
    cached = Usage(input_tokens=1_000_000, output_tokens=0, cache_read_tokens=600_000, cache_write_tokens=200_000)
    assert PRICE.of(cached) == pytest.approx(0.2 * 1.0 + 0.6 * 0.1 + 0.2 * 1.25)
    assert PRICE.of(cached, "flex") == pytest.approx(PRICE.of(cached) / 2)
    assert charged(output(tier="flex"), PRICE).usd == pytest.approx(0.5 + 0.5)


def test_a_cache_write_without_a_price_is_an_error_and_a_read_is_never_taken_off() -> None:
    bare = Price(ref=REF, model="m", input=1.0, output=1.0)
    assert bare.of(Usage(input_tokens=1_000_000, output_tokens=0, cache_read_tokens=1_000_000)) == 1.0
    with pytest.raises(InputError, match=r"writing the prompt cache of bedrock:my\.model"):
        bare.of(Usage(input_tokens=10, output_tokens=0, cache_write_tokens=1))


def test_every_attempt_that_was_billed_is_in_the_cost_and_no_other() -> None:
    again = (Retry(kind="throttled", seconds=0.1), Retry(kind="truncated_stream", usage=USAGE), Retry(kind="fixed"))
    assert charged(output(retried=again), PRICE).usd == pytest.approx(2 * 2.0)
    assert charged(output(text=None, usage=None, failure=failure("throttled")), PRICE).usd == 0.0
    assert charged(output(text=None, usage=None, failure=failure("timeout")), PRICE).usd is None
    assert charged(output(usage=None), PRICE).usd is None
    assert charged(output(), PRICE).price_id == PRICE.id
    assert PRICE.id.startswith("2026-11-25:")


def test_a_purse_is_charged_the_estimate_for_what_nobody_counted() -> None:
    lost = output(retried=(Retry(kind="truncated_stream"), Retry(kind="transient")), text=None, usage=None)
    assert cost(replace(lost, failure=failure("timeout")), PRICE, 0.5) == 1.0
    assert cost(output(tier="a tier nobody knows"), PRICE, 0.5) == 0.5


@pytest.mark.parametrize(
    "text", ["Where is my card?" * 50, "Karte verloren, was nun? Straße " * 20, "私のカードはどこですか" * 20]
)
def test_an_estimate_is_above_what_tokenizers_make_of_a_text(text: str) -> None:
    asked = request(text, max_tokens=77)
    assert estimated(asked).output_tokens == 77
    assert estimated(asked).input_tokens >= len(text) / 3


class Busy:
    """A model that takes a moment and says how many calls it had."""

    ref, concurrency = REF, 8

    def __init__(self, usage: Usage = Usage(input_tokens=0, output_tokens=10)) -> None:  # noqa: B008
        self.calls, self.usage = 0, usage

    async def answer(self, asked: Request) -> Output:
        self.calls += 1
        await asyncio.sleep(0.001)
        return Output(sample_id=asked.sample_id, text="yes", usage=self.usage)

    async def close(self) -> None: ...


async def asked_at_once(model: Charged, number: int) -> list[Output]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(model.answer(request("?", sample_id=f"s{i}", max_tokens=100))) for i in range(number)]
    return [task.result() for task in tasks]


async def test_calls_at_once_never_pass_the_budget_and_use_all_of_it() -> None:
    """A call may take 0.001 USD and takes a tenth of that: with 0.01 USD nearly all of a hundred calls are made."""
    purse, model = LocalPurse(budget=0.01), Busy()
    outputs = await asked_at_once(Charged(model, PRICES, purse), 200)
    refused = [o for o in outputs if o.failure]
    assert purse.spent <= 0.01
    assert purse.spent == pytest.approx(model.calls * 0.0001)
    assert 85 <= model.calls < 100
    assert {o.failure.kind for o in refused if o.failure} == {"budget"}
    assert len(refused) + model.calls == 200
    assert "budget of 0.01 USD does not allow another call" in refused[0].failure.message  # type: ignore[union-attr]
    assert purse.open == 0
    assert purse.held == pytest.approx(0.0, abs=1e-12)
    assert (await asked_at_once(Charged(model, PRICES, purse), 1))[0].failure is not None


async def test_what_overshoots_is_what_calls_in_flight_take_beyond_their_estimate() -> None:
    purse, greedy = LocalPurse(budget=0.01), Busy(Usage(input_tokens=0, output_tokens=200))
    await asked_at_once(Charged(greedy, PRICES, purse), 50)
    assert purse.spent > 0.01
    assert purse.spent <= 0.01 + 10 * 0.001  # ten calls at once fit, each by 0.001 too small


async def test_a_model_without_a_price_is_named_where_there_is_a_budget_and_asked_where_there_is_none() -> None:
    model = Busy()
    refused = (await asked_at_once(Charged(model, Prices(), LocalPurse(budget=1.0)), 1))[0]
    assert refused.failure is not None
    assert "the price of bedrock:my.model is unknown" in refused.failure.message
    assert "FERRY_PRICES" in refused.failure.message
    assert model.calls == 0
    free = (await asked_at_once(Charged(model, Prices(), LocalPurse()), 1))[0]
    assert (free.text, free.usd) == ("yes", None)


async def test_a_cancelled_call_counts_as_estimated_and_what_is_free_is_not_counted() -> None:
    purse = LocalPurse(budget=1.0)
    slow = ScriptedModel(lambda _: "yes", latency_s=60.0, ref=REF)
    call = asyncio.create_task(Charged(slow, PRICES, purse).answer(request("?", max_tokens=100)))
    await asyncio.sleep(0.01)
    call.cancel()
    await asyncio.wait([call])
    assert purse.spent == pytest.approx(PRICE.of(estimated(request("?", max_tokens=100))))
    free = Charged(ScriptedModel(lambda _: "yes"), PRICES, LocalPurse(budget=0.0))
    assert (await free.answer(request("?"))).text == "yes"
