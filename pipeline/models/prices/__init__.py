"""What a call of a model costs: list prices from a dated snapshot, the operator's own prices before them, never a silent 0."""

from pipeline.models.prices.overrides import read_facts, read_overrides
from pipeline.models.prices.price import UNCHARGED, Price, Prices, known, price
from pipeline.models.prices.snapshot import SNAPSHOT_DATE, Entry, catalogued

__all__ = [
    "SNAPSHOT_DATE",
    "UNCHARGED",
    "Entry",
    "Price",
    "Prices",
    "catalogued",
    "known",
    "price",
    "read_facts",
    "read_overrides",
]
