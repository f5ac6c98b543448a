"""One canonical JSON and one hash for everything that is frozen, locked or signed."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

_PLAIN = frozenset({str, int, float, bool})
# Metadata of a record's field that came later: at its default it is not written, so what was hashed before keeps its hash.
OMIT_DEFAULT: Mapping[str, bool] = {"omit_default": True}


def canonical_json(value: Any) -> str:  # noqa: ANN401  any JSON-able value or frozen record
    """`value` as JSON with sorted keys, no spaces and no NaN; dataclasses become objects, mappings are sorted.

    Raises ValueError for NaN or infinity, TypeError for what JSON cannot hold.
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(value: Any) -> str:  # noqa: ANN401
    """SHA-256 of the canonical JSON, 64 hexadecimal characters."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def plain(value: Any) -> Any:  # noqa: ANN401
    """`value` with records, enums, mappings and tuples turned into what `json` writes."""
    if value is None or type(value) in _PLAIN:  # most of what a large record holds
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        held = ((f, getattr(value, f.name)) for f in dataclasses.fields(value))
        return {f.name: plain(item) for f, item in held if not (f.metadata and item == f.default)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return value
