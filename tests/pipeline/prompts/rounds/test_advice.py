"""What else makes a Bedrock target faster: only facts with a source and a date, and no price that is not known."""

from dataclasses import replace

import pytest

from pipeline.models.prices import Price
from pipeline.prompts.rounds import latency_advice
from pipeline.records import Output, Usage
from tests.pipeline.prompts.rounds.situations import PRICE, TARGET

OUTPUTS = tuple(Output(sample_id=str(n), text="x", usage=Usage(input_tokens=1000, output_tokens=250)) for n in range(3))


def test_optimised_inference_is_named_for_the_models_that_have_it_with_their_regions() -> None:
    first, *_ = latency_advice("bedrock:us.anthropic.claude-3-5-haiku-20241022-v1:0", OUTPUTS)
    assert first.name == "latency-optimised inference"
    assert "us-east-2, us-west-2" in first.sentence
    assert "Price unknown" in first.sentence
    assert first.usd_per_1000 is None
    assert [each.name for each in latency_advice(TARGET, OUTPUTS)] == ["priority tier", "provisioned throughput"]
    assert all(each.source and each.date for each in latency_advice(TARGET, OUTPUTS))


def test_the_priority_tier_is_priced_where_the_list_has_its_prices() -> None:
    priced: Price = replace(PRICE, priority_input=1.75, priority_output=7.0)
    tier, provisioned = latency_advice(TARGET, OUTPUTS, priced)
    assert tier.usd_per_1000 == pytest.approx(3.5)
    assert "$1.75 / $7 per million tokens, standard $1 / $4 (a test, 2026-11-25)" in tier.sentence
    assert "For each dollar an hour of its price, 500 calls an hour on demand cost the same." in provisioned.sentence
    assert latency_advice(TARGET, OUTPUTS)[0].sentence.endswith(
        "Price unknown; whether this model has the tier stands in the guide."
    )


def test_of_other_providers_nothing_is_said() -> None:
    assert latency_advice("openai:gpt-4o", OUTPUTS, PRICE) == ()
