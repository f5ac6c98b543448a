"""An embedding model whose calls are held against a purse before they are made, and charged after, as answers are."""

import asyncio
from dataclasses import dataclass

from pipeline.metrics.judge.embedders import EmbeddingModel
from pipeline.models.charging import BYTES_A_TOKEN, TOKENS_A_TURN, Purse, cost, is_charged, price_of
from pipeline.models.failures import failure
from pipeline.models.prices import Prices
from pipeline.models.providers.bedrock_embed import Embedded
from pipeline.records import Output, Usage


@dataclass(frozen=True, slots=True)
class ChargedEmbedding:
    """A call that may not be made fails as `budget`; a cancelled one counts as estimated."""

    model: EmbeddingModel
    prices: Prices
    purse: Purse

    @property
    def ref(self) -> str:
        return self.model.ref

    async def embed(self, text: str) -> Embedded:
        if not is_charged(self.ref, self.prices):
            return await self.model.embed(text)
        price = price_of(self.ref, self.prices)
        most = Usage(input_tokens=len(text.encode("utf-8", "surrogatepass")) // BYTES_A_TOKEN + TOKENS_A_TURN, output_tokens=0)
        held = price.of(most) if price else 0.0
        refused = await self.purse.hold(held if price else None, self.ref)
        if refused is not None:
            return Embedded(vector=None, output=Output(sample_id="", text=None, failure=failure("budget", refused)))
        spent = held
        try:
            given = await self.model.embed(text)
            spent = cost(given.output, price, held) if price else 0.0
            return given
        finally:
            await asyncio.shield(self.purse.settle(held, spent))

    async def close(self) -> None:
        await self.model.close()
