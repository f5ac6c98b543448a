"""What a call may cost before it is made, and what it did cost after: the purse that every paid call goes through.

The estimate is meant to be too high: no tokenizer makes more tokens than there are bytes, and few make more than one of two, so
the input counts as one token for every two bytes; the answer counts as `max_tokens`. What a call really cost is taken from the
provider's token counts and replaces the estimate.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from pipeline.errors import InputError
from pipeline.models.failures import FIXED, failure
from pipeline.models.prices import ON_DEMAND, Price, Prices, money
from pipeline.models.sampling import refused_of
from pipeline.records import Model, Output, Request, Usage

BYTES_A_TOKEN, TOKENS_A_TURN, TOKENS_A_TOOL = 2, 16, 500
FREE = frozenset({"recorded", "hashing"})
"""Nobody is paid for these, besides models that run on this machine: outputs of long ago, and vectors that are counted here."""
NOT_BILLED = frozenset(
    {"throttled", "daily_quota", "no_credit", "validation", "access", "model_not_enabled", "needs_inference_profile"}
    | {"unknown_model", "not_recorded", "transient", FIXED}
)
"""Failures without token counts that cost nothing: the provider refused before it generated. Others count as estimated."""


class Purse(Protocol):
    """What is left to be spent, in USD."""

    async def hold(self, usd: float | None, ref: str) -> str | None:
        """Sets `usd` aside for a call of `ref`; None is a price that nobody knows. None when the call may be made, else why not.

        Waits while calls in flight may give back enough. Who was let settles afterwards, always.
        """
        ...

    async def settle(self, held: float, usd: float) -> None:
        """Gives `held` back and charges `usd` instead."""
        ...

    async def charge(self, usd: float) -> None:
        """Charges what no call is held for; below 0, gives back what was charged too much."""
        ...


@dataclass(slots=True, eq=False)
class LocalPurse:
    """The purse of one process: `spent` is what was charged before and since, `open` counts the calls in flight."""

    budget: float | None = None
    spent: float = 0.0
    held: float = 0.0
    open: int = 0
    refused: str = ""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def hold(self, usd: float | None, ref: str) -> str | None:
        """See Purse. Once a call was refused, so is every other."""
        async with self.changed:
            if self.budget is not None:
                self.refused = self.refused or (unpriced(ref) if usd is None else "")
                await self.changed.wait_for(lambda: self.refused or self._fits(usd or 0.0) or not self.open)
                if not self.refused and not self._fits(usd or 0.0):
                    self.refused = used_up(self.budget, self.spent)
                    self.changed.notify_all()
            if not self.refused:
                self.held, self.open = self.held + (usd or 0.0), self.open + 1
            return self.refused or None

    async def settle(self, held: float, usd: float) -> None:
        async with self.changed:
            self.spent, self.held, self.open = self.spent + usd, self.held - held, self.open - 1
            self.changed.notify_all()

    async def charge(self, usd: float) -> None:
        async with self.changed:
            self.spent += usd
            self.changed.notify_all()

    def _fits(self, usd: float) -> bool:
        return self.budget is None or self.spent + self.held + usd <= self.budget


def used_up(budget: float, spent: float) -> str:
    """Why no call is made any more, without the way out, which depends on who asks."""
    return f"The budget of {money(budget)} does not allow another call: {money(spent)} are charged so far"


def unpriced(ref: str) -> str:
    return (
        f"There is a budget, and the price of {ref} is unknown, so nobody can say what a call takes of it. Write its price into "
        "the price file (FERRY_PRICES, or --prices FILE), or take the budget away"
    )


def estimated(request: Request) -> Usage:
    """Tokens that `request` can take at most, as a rule: see above."""
    tools = [tool.schema for tool in request.tools] + ([request.tool.schema] if request.tool else [])
    texts = [request.system, *(turn.text for turn in request.turns), request.parameters.json_schema or ""]
    texts += tools + [tool.description for tool in request.tools]
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    around = TOKENS_A_TURN * (1 + len(request.turns)) + TOKENS_A_TOOL * bool(tools)
    return Usage(input_tokens=size // BYTES_A_TOKEN + around, output_tokens=request.parameters.max_tokens)


def charged(output: Output, price: Price) -> Output:
    """`output` with `usd`, what it cost: all its attempts that the provider counted tokens of, at the tier that was used.

    `usd` is 0 for a call that was refused before it could cost anything, and None where the tokens or a price are unknown.
    """
    counted = [usage for usage, _ in _calls(output) if usage is not None]
    if not counted and not all(_is_free(kind) for _, kind in _calls(output)):
        return replace(output, price_id=price.id)
    try:
        usd = sum(price.of(usage, output.tier or ON_DEMAND) for usage in counted)
    except InputError:
        return replace(output, price_id=price.id)
    return replace(output, usd=usd, price_id=price.id)


def cost(output: Output, price: Price, estimate: float) -> float:
    """USD to charge a purse: as `charged`, but an attempt that may be billed and was not counted counts as estimated."""
    usd = 0.0
    for usage, kind in _calls(output):
        try:
            usd += price.of(usage, output.tier or ON_DEMAND) if usage is not None else 0.0 if _is_free(kind) else estimate
        except InputError:  # the tier's price is unknown
            usd += estimate
    return usd


def _calls(output: Output) -> Iterator[tuple[Usage | None, str]]:
    """Every attempt with its tokens and its kind of failure, the one that counts last; its kind is empty for an answer."""
    yield from ((each.usage, each.kind) for each in output.retried)
    yield output.usage, output.failure.kind if output.failure else ""


def _is_free(kind: str) -> bool:
    return kind in NOT_BILLED


def is_charged(ref: str, prices: Prices) -> bool:
    """Whether somebody sends a bill for calls of `ref`; also where its price is unknown."""
    if ref.partition(":")[0].strip().lower() in FREE:
        return False
    price = price_of(ref, prices)
    return price is None or price.charged


def price_of(ref: str, prices: Prices) -> Price | None:
    """None where nobody knows it."""
    try:
        return prices.of(ref)
    except InputError:
        return None


@dataclass(frozen=True, slots=True)
class Charged:
    """A model whose calls are held against a purse before they are made, and charged after."""

    model: Model
    prices: Prices
    purse: Purse

    @property
    def ref(self) -> str:
        return self.model.ref

    @property
    def concurrency(self) -> int:
        return self.model.concurrency

    async def answer(self, request: Request) -> Output:
        """As the model. A call that may not be made is an output that failed as `budget`; a cancelled one counts as estimated."""
        if not is_charged(self.ref, self.prices):
            return await self.model.answer(request)
        price = price_of(self.ref, self.prices)
        held = price.of(estimated(request)) if price else 0.0
        refused = await self.purse.hold(held if price else None, self.ref)
        if refused is not None:
            return Output(sample_id=request.sample_id, text=None, failure=failure("budget", refused))
        spent = held
        try:
            output = await self.model.answer(request)
            spent = cost(output, price, held) if price else 0.0
            return charged(output, price) if price else output
        finally:
            await asyncio.shield(self.purse.settle(held, spent))

    def refused(self) -> frozenset[str] | None:
        return refused_of(self.model)

    async def close(self) -> None:
        await self.model.close()
