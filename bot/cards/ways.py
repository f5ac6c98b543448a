"""Batch jobs or on demand: both ways of the runs on test with their cost and time, and what batch gives up."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Block, context, duration, lines, mention
from db.records import BatchChoice
from pipeline.models.batch.router import GIVES_UP, Offer
from pipeline.models.prices import money


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysFacts:
    """`offers` are of the models that can be asked by batch; without a `choice` calls are made on demand."""

    offers: tuple[Offer, ...]
    choice: BatchChoice | None = None

    @property
    def by_batch(self) -> bool:
        return self.choice is not None and self.choice.wanted


def ways_body(facts: WaysFacts) -> list[Block]:
    """A line for each model, and what is chosen by whom."""
    who = f", as {mention(facts.choice.by)} chose" if facts.choice else ""
    chosen = f"batch jobs{who}" if facts.by_batch else f"calls on demand{who}"
    return [
        lines([f"*Runs on test* {chosen}", *(_both(each) for each in facts.offers)], what="models"),
        context(f"Batch gives up: {GIVES_UP}."),
    ]


def _both(offer: Offer) -> str:
    on_demand = f"on demand about {money(offer.usd_on_demand)} and {duration(offer.seconds_on_demand)}"
    return f"• {literal(offer.ref, 150)}, each run: {on_demand}; {offer.batch:,} by batch about {money(offer.usd_batch)}, hours"
