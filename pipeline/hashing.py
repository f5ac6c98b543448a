"""One canonical JSON and one hash for everything that is frozen, locked or signed."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from itertools import islice
from typing import Any

from pipeline.columns import PIECE, Column

_PLAIN = frozenset({str, int, float, bool})
_FEW = 64
"""A mapping of more items is written in pieces of many items, one of fewer item by item, since each may be large."""
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
# Metadata of a record's field that came later: at its default it is not written, so what was hashed before keeps its hash.
OMIT_DEFAULT: Mapping[str, bool] = {"omit_default": True}


def canonical_json(value: Any) -> str:  # noqa: ANN401  any JSON-able value or frozen record
    """`value` as JSON with sorted keys, no spaces and no NaN; dataclasses become objects, mappings are sorted.

    Raises ValueError for NaN or infinity, TypeError for what JSON cannot hold.
    """
    return _JSON.encode(plain(value))


def canonical_pieces(value: Any) -> Iterator[str]:  # noqa: ANN401
    """The same text in pieces, so that a record of any size is written and hashed in the memory of one piece."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from _object(_held(value))
    elif isinstance(value, Mapping) and len(value) <= _FEW:
        yield from _object({str(key): item for key, item in value.items()})
    elif isinstance(value, Mapping):
        names = iter(sorted((str(key), key) for key in value))
        parts = iter(lambda: {name: value[key] for name, key in islice(names, PIECE)}, {})
        yield from _joined("{}", (canonical_json(part)[1:-1] for part in parts))
    elif isinstance(value, Column):
        yield from _joined("[]", (canonical_json(part)[1:-1] for part in value.pieces()))
    elif isinstance(value, (list, tuple)) and value and dataclasses.is_dataclass(value[0]):
        for place, item in enumerate(value):
            yield "," if place else "["
            yield from canonical_pieces(item)
        yield "]"
    elif isinstance(value, (list, tuple)):
        parts_ = (value[start : start + PIECE] for start in range(0, len(value), PIECE))
        yield from _joined("[]", (canonical_json(part)[1:-1] for part in parts_))
    else:
        yield canonical_json(value)


def _object(items: Mapping[str, Any]) -> Iterator[str]:
    for place, name in enumerate(sorted(items)):
        yield f"{',' if place else '{'}{canonical_json(name)}:"
        yield from canonical_pieces(items[name])
    yield "}" if items else "{}"


def _joined(ends: str, parts: Iterable[str]) -> Iterator[str]:
    yield ends[0]
    for place, part in enumerate(parts):
        yield f",{part}" if place else part
    yield ends[1]


def content_hash(value: Any) -> str:  # noqa: ANN401
    """SHA-256 of the canonical JSON, 64 hexadecimal characters."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def large_hash(value: Any) -> str:  # noqa: ANN401
    """The same hash, of a record that need not fit into memory as text."""
    digest = hashlib.sha256()
    for piece in canonical_pieces(value):
        digest.update(piece.encode())
    return digest.hexdigest()


def plain(value: Any) -> Any:  # noqa: ANN401
    """`value` with records, enums, mappings and tuples turned into what `json` writes."""
    if value is None or type(value) in _PLAIN:  # most of what a large record holds
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: plain(item) for name, item in _held(value).items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, Column)):
        return [plain(item) for item in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return value


def _held(record: Any) -> dict[str, Any]:  # noqa: ANN401  any record
    """A record's fields by name, without those at a default that is not written."""
    held = ((f, getattr(record, f.name)) for f in dataclasses.fields(record))
    return {f.name: item for f, item in held if not (f.metadata and item == f.default)}
