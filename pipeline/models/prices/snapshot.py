"""The vendored snapshot of list prices, by the name a provider gives a model."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SNAPSHOT = Path(__file__).parents[2] / "data" / "catalog" / "prices.json"
SNAPSHOT_DATE = "2026-11-25"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """List prices of one model in USD per million tokens; None where the snapshot gives none."""

    model: str
    provider: str
    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None
    batch_input: float | None = None
    batch_output: float | None = None
    flex_input: float | None = None
    flex_output: float | None = None
    priority_input: float | None = None
    priority_output: float | None = None
    source: str = ""
    date: str = SNAPSHOT_DATE


def catalogued(name: str) -> Entry | None:
    """The model of exactly this name, whatever its case and without a provider's path before it; None when there is none.

    A regional inference profile (`us.`, `eu.`) is a model of its own here: its prices differ from those of the plain model.
    """
    return _entries().get(name.rpartition("/")[2].strip().lower())


@cache
def _entries() -> Mapping[str, Entry]:
    whole: Mapping[str, Any] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    fields, origin = whole["fields"][2:], whole["origin"].split(",")[0]
    return {name.lower(): _entry(name, row, fields, whole, origin) for name, row in whole["models"].items()}


def _entry(name: str, row: list[Any], fields: list[str], whole: Mapping[str, Any], origin: str) -> Entry:
    provider, place, *prices = row
    address = whole["addresses"][place]
    told = f"{origin}, from {address}" if address else origin
    return Entry(model=name, provider=provider, source=told, date=whole["date"], **dict(zip(fields, prices, strict=False)))
