"""Embedding calls are held against a purse before they are made, and charged after."""

import pytest

from pipeline.metrics.judge.charged import ChargedEmbedding
from pipeline.models.charging import LocalPurse, is_charged
from pipeline.models.failures import failure
from pipeline.models.prices import Prices
from pipeline.models.providers.bedrock_embed import Embedded
from pipeline.records import Failure, Output, Usage

REF = "bedrock:amazon.titan-embed-text-v2:0"
MILLION = 1_000_000


class Embedding:
    """Counts a million tokens for every text."""

    def __init__(self, problem: Failure | None = None) -> None:
        self.ref, self.problem, self.asked = REF, problem, list[str]()

    async def embed(self, text: str) -> Embedded:
        self.asked.append(text)
        usage = None if self.problem else Usage(input_tokens=MILLION, output_tokens=0)
        return Embedded(vector=(1.0,), output=Output(sample_id="", text="{}", usage=usage, failure=self.problem))

    async def close(self) -> None:
        """Nothing is open."""


async def test_what_was_counted_is_charged_at_the_list_price() -> None:
    purse, model = LocalPurse(), Embedding()
    assert (await ChargedEmbedding(model, Prices(), purse).embed("a text")).vector == (1.0,)
    assert purse.spent == pytest.approx(0.02)
    assert (purse.held, purse.open) == (0, 0)


async def test_a_call_that_could_pass_the_budget_is_not_made() -> None:
    purse, model = LocalPurse(budget=0.01, spent=0.01), Embedding()
    given = await ChargedEmbedding(model, Prices(), purse).embed("a text")
    assert given.vector is None
    assert given.output.failure is not None
    assert given.output.failure.kind == "budget"
    assert model.asked == []


async def test_a_refused_call_costs_nothing() -> None:
    purse = LocalPurse()
    await ChargedEmbedding(Embedding(failure("throttled")), Prices(), purse).embed("a text")
    assert (purse.spent, purse.held) == (0, 0)


@pytest.mark.parametrize("ref", [REF, "bedrock:cohere.embed-multilingual-v3", "openai:text-embedding-3-small"])
def test_the_list_has_prices_of_embedding_models(ref: str) -> None:
    price = Prices().of(ref)
    assert price.input > 0
    assert price.output == 0
    assert is_charged(ref, Prices())
    assert not is_charged("hashing:512", Prices())
