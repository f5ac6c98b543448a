"""The operator's own prices: a JSON object by model reference.

    {"recorded:router": {"same_as": "gpt-4o"},
     "bedrock:arn:aws:bedrock:...:application-inference-profile/abc": {"input": 0.9, "output": 4.5, "source": "our contract",
                                                                      "date": "2026-10-01"}}

`input` and `output` are USD per million tokens; `cache_read`, `cache_write` and both sides of `batch_`, `flex_` and `priority_`
may follow. What a model takes may be told beside its price or without one (docs/models.md):

    {"bedrock:eu.amazon.nova-lite-v1:0": {"facts": {"context": 300000, "takes": ["image"], "lacks": ["audio"],
                                                    "retires": "2027-06-30", "regions": ["eu-central-1"]}}}
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.models.prices.snapshot import Entry, catalogued

Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Feature = Literal["image", "pdf", "audio", "tools", "json schema", "caching", "reasoning", "sampling", "no retention"]
OPERATOR = "operator's price file"


def _iso_day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


class GivenFacts(BaseModel):
    """What the operator knows of a model. `takes` and `lacks` are features of the catalogue, `retires` is an ISO date."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    context: Annotated[int, Field(gt=0)] | None = None
    max_output: Annotated[int, Field(gt=0)] | None = None
    takes: tuple[Feature, ...] = ()
    lacks: tuple[Feature, ...] = ()
    retires: Annotated[str, AfterValidator(_iso_day)] | None = None
    regions: tuple[str, ...] = ()
    source: str = ""
    date: str = ""

    @property
    def features(self) -> Mapping[str, bool]:
        """Yes or no for each feature that is told."""
        return {**dict.fromkeys(self.takes, True), **dict.fromkeys(self.lacks, False)}


class _Given(BaseModel):
    """One price as the operator writes it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    input: Usd
    output: Usd
    cache_read: Usd | None = None
    cache_write: Usd | None = None
    batch_input: Usd | None = None
    batch_output: Usd | None = None
    flex_input: Usd | None = None
    flex_output: Usd | None = None
    priority_input: Usd | None = None
    priority_output: Usd | None = None
    source: str = OPERATOR
    date: str = ""
    facts: GivenFacts | None = None


class _Same(BaseModel):
    """A reference that costs what a model of the snapshot costs."""

    model_config = ConfigDict(extra="forbid", strict=True)

    same_as: str
    facts: GivenFacts | None = None


class _OnlyFacts(BaseModel):
    """A model whose price stays that of the snapshot, or unknown."""

    model_config = ConfigDict(extra="forbid", strict=True)

    facts: GivenFacts


_FILE = TypeAdapter(dict[str, _Given | _Same | _OnlyFacts])


def read_overrides(path: Path | None) -> Mapping[str, Entry]:
    """The prices in `path` by model reference; none without a path. Raises InputError for a file that is not as above."""
    return {ref: _entry(ref, given, path) for ref, given in _read(path).items() if not isinstance(given, _OnlyFacts)}


def read_facts(path: Path | None) -> Mapping[str, GivenFacts]:
    """What `path` tells of models besides prices, by reference. Raises InputError as `read_overrides` does."""
    return {ref: given.facts for ref, given in _read(path).items() if given.facts}


def _read(path: Path | None) -> Mapping[str, _Given | _Same | _OnlyFacts]:
    if path is None:
        return {}
    try:
        return _FILE.validate_python(json.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise InputError(f"The price file {path} cannot be read. Check the path given as FERRY_PRICES or --prices.") from error
    except (ValueError, ValidationError) as error:
        raise InputError(
            f"The price file {path} is not a JSON object of prices: each model reference needs input and output in USD per "
            'million tokens, as in {"recorded:router": {"input": 2.5, "output": 10}}, or {"same_as": "gpt-4o"}; "facts" may '
            "stand beside them or alone (docs/models.md)."
        ) from error


def _entry(ref: str, given: _Given | _Same, path: Path | None) -> Entry:
    if isinstance(given, _Given):
        return Entry(model=ref, provider=ref.partition(":")[0], **given.model_dump(exclude={"facts"}))
    found = catalogued(given.same_as)
    if found is None:
        raise InputError(f'{path} prices {ref} as "{given.same_as}", which is not in the price list. Write its input and output.')
    return found
