"""The operator's own prices: a JSON object by model reference.

    {"recorded:router": {"same_as": "gpt-4o"},
     "bedrock:arn:aws:bedrock:...:application-inference-profile/abc": {"input": 0.9, "output": 4.5, "source": "our contract",
                                                                      "date": "2026-10-01"}}

`input` and `output` are USD per million tokens; `cache_read`, `cache_write`, `batch_input` and `batch_output` may follow.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.models.prices.catalog import Entry, catalogued

Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
OPERATOR = "operator's price file"


class _Given(BaseModel):
    """One price as the operator writes it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    input: Usd
    output: Usd
    cache_read: Usd | None = None
    cache_write: Usd | None = None
    batch_input: Usd | None = None
    batch_output: Usd | None = None
    source: str = OPERATOR
    date: str = ""


class _Same(BaseModel):
    """A reference that costs what a model of the snapshot costs."""

    model_config = ConfigDict(extra="forbid", strict=True)

    same_as: str


_FILE = TypeAdapter(dict[str, _Given | _Same])


def read_overrides(path: Path | None) -> Mapping[str, Entry]:
    """The prices in `path` by model reference; none without a path. Raises InputError for a file that is not as above."""
    if path is None:
        return {}
    try:
        given = _FILE.validate_python(json.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise InputError(f"The price file {path} cannot be read. Check the path given as FERRY_PRICES or --prices.") from error
    except (ValueError, ValidationError) as error:
        raise InputError(
            f"The price file {path} is not a JSON object of prices: each model reference needs input and output in USD per "
            'million tokens, as in {"recorded:router": {"input": 2.5, "output": 10}}, or {"same_as": "gpt-4o"}.'
        ) from error
    return {ref: _entry(ref, price, path) for ref, price in given.items()}


def _entry(ref: str, given: _Given | _Same, path: Path) -> Entry:
    if isinstance(given, _Given):
        return Entry(model=ref, provider=ref.partition(":")[0], **given.model_dump())
    found = catalogued(given.same_as)
    if found is None:
        raise InputError(f'{path} prices {ref} as "{given.same_as}", which is not in the price list. Write its input and output.')
    return found
