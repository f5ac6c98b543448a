"""The vendored snapshot of what models take, by the name a provider gives a model."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

SNAPSHOT = Path(__file__).parents[2] / "data" / "catalog" / "models.json"
LETTERS: Mapping[str, str] = {
    "image": "i",
    "pdf": "p",
    "audio": "a",
    "tools": "t",
    "json schema": "s",
    "caching": "c",
    "reasoning": "r",
    "sampling": "m",
}
"""The features the catalogue knows of, and the letter each has in the snapshot. `sampling` is temperature and top_p;
`json schema` on Bedrock is structured output that Converse enforces itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What one layer says of one model; None or a missing feature is "not said". Windows in tokens, `retires` an ISO date.

    `regions` are those known to have the model; it may be in others too.
    """

    context: int | None = None
    max_output: int | None = None
    takes: Mapping[str, bool] = field(default_factory=dict)
    retires: str | None = None
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Every model of the snapshot by provider and name, where it comes from, and its date."""

    models: Mapping[tuple[str, str], Listed]
    source: str
    date: str


@cache
def snapshot() -> Snapshot:
    """The snapshot that ships with Ferry; read once."""
    whole: Mapping[str, Any] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    models = {(row[0], name): _listed(row) for name, row in whole["models"].items()}
    return Snapshot(models=models, source=whole["origin"].split(",")[0], date=whole["date"])


def _listed(row: list[Any]) -> Listed:
    given = dict(zip(("provider", "context", "max_output", "takes", "retires", "regions"), row, strict=False))
    letters = given.get("takes") or ""
    return Listed(
        context=given.get("context"),
        max_output=given.get("max_output"),
        takes={name: letter.upper() in letters for name, letter in LETTERS.items() if letter in letters.lower()},
        retires=given.get("retires"),
        regions=tuple(given.get("regions") or ()),
    )
