"""What a call of a model costs: list prices from a dated snapshot, the operator's own prices before them, never a silent 0."""

from pipeline.models.prices.opinion import differences, second_opinion
from pipeline.models.prices.overrides import read_facts, read_overrides
from pipeline.models.prices.price import ON_DEMAND, TIERS, UNCHARGED, Price, Prices, known, money, price
from pipeline.models.prices.snapshot import SNAPSHOT_DATE, Entry, catalogued

__all__ = [
    "ON_DEMAND",
    "SNAPSHOT_DATE",
    "TIERS",
    "UNCHARGED",
    "Entry",
    "Price",
    "Prices",
    "catalogued",
    "differences",
    "known",
    "money",
    "price",
    "read_facts",
    "read_overrides",
    "second_opinion",
]
