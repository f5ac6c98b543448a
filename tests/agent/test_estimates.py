"""The estimate of a plan: money where every charged model's price is known, and which price is missing where not."""

from dataclasses import replace

from agent import estimates
from db.records import DatasetVersion, Estimate
from pipeline.models.prices import Entry, Prices
from pipeline.models.prices.tokens import usage_of_a_call
from pipeline.records import PromptVersion, Sample
from tests.bot.cards.told import DATASET

PROMPT = PromptVersion(user="x" * 400)
SAMPLES = [Sample(id=f"s{n}", variables={"q": "y" * 400}, reference="z" * 40) for n in range(4)]
PRICES = Prices(overrides={"bedrock:a": Entry(model="a", provider="bedrock", input=1_000.0, output=10_000.0)})


def told(source: str, *targets: str, dataset: DatasetVersion = DATASET) -> dict[str, Estimate]:
    a_call = usage_of_a_call(PROMPT, SAMPLES)
    return {e.stage: e for e in estimates.of_models(source, targets, dataset, SAMPLES, a_call, PRICES)}


def test_a_call_takes_the_prompt_and_the_sample_in_and_an_answer_of_that_length_out() -> None:
    a_call = usage_of_a_call(PROMPT, SAMPLES)
    assert (a_call.input_tokens, a_call.output_tokens) == (200, 10)
    assert usage_of_a_call(PROMPT, []).output_tokens == 1


def test_known_prices_become_money_and_free_models_do_not() -> None:
    found = told("recorded:source", "bedrock:a", "local:b")
    assert found["baseline"].usd is None
    assert found["targets"].usd == 3 * DATASET.test * (200 * 1_000 + 10 * 10_000) / 1e6
    assert "nothing is charged" in found["targets"].note


def test_one_unknown_price_makes_the_sum_unknown_and_is_named() -> None:
    found = told("bedrock:a", "bedrock:a", "bedrock:zz")
    assert found["baseline"].usd
    assert found["targets"].usd is None
    assert "the price of bedrock:zz is unknown" in found["targets"].note


def test_candidates_are_planned_rung_by_rung_and_the_search_by_what_it_may_take() -> None:
    dataset = replace(DATASET, dev=120)
    assert told("bedrock:a", "bedrock:a", dataset=dataset)["candidates"].calls == 2 * 120 + 2 * 120
    a_call = usage_of_a_call(PROMPT, SAMPLES)
    (search,) = estimates.of_search("bedrock:a", ["bedrock:a"], 120, a_call, PRICES)
    assert search.calls == estimates.search_calls(120) == 15 * (8 + 50 + 1) + 2 * 70
    assert search.usd
    assert not list(estimates.of_search("", ["bedrock:a"], 120, a_call, PRICES))
    assert not list(estimates.of_search("bedrock:a", ["bedrock:a"], 20, a_call, PRICES))
    (unpriced,) = estimates.of_search("bedrock:zz", ["bedrock:a"], 120, a_call, PRICES)
    assert unpriced.usd is None
    assert "unknown" in unpriced.note


def test_conversions_are_planned_as_calls_of_the_writer() -> None:
    a_call = usage_of_a_call(PROMPT, SAMPLES)
    (found,) = estimates.of_conversion("bedrock:a", ["local:b", "local:c"], a_call, PRICES)
    assert (found.stage, found.calls) == ("conversion", 2 * 3 * 2)
    assert found.usd == found.calls * (2_200 * 1_000 + 400 * 10_000) / 1e6
    assert "at most: 3 prompts for each target" in found.note
    assert not list(estimates.of_conversion("", ["local:b"], a_call, PRICES))
    (unpriced,) = estimates.of_conversion("bedrock:zz", ["local:b"], a_call, PRICES)
    assert (unpriced.usd, "the price of bedrock:zz is unknown" in unpriced.note) == (None, True)
