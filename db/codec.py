"""Frozen records from their canonical JSON, value for value: what was hashed before it was stored has the same hash after.

Numbers stay as they were written (1 is not made 1.0), names a record no longer has are dropped, missing ones get their default.
"""

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Reader = Callable[[Any], Any]


@cache
def reader(kind: Any) -> Reader:  # noqa: ANN401  a type or a type form such as `tuple[str, ...]`
    """A function that turns what `json.loads` gave into a `kind`: record, enum, tuple, mapping, optional or plain value."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _optional(next(i for i in inner if i is not type(None)))
    if origin is tuple:
        return _tuple(reader(inner[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(reader(inner[1]))
    if dataclasses.is_dataclass(kind):
        return _record(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _same


def _same(value: Any) -> Any:  # noqa: ANN401
    return value


def _optional(kind: Any) -> Reader:  # noqa: ANN401
    read = reader(kind)
    return lambda value: None if value is None else read(value)


def _tuple(read: Reader) -> Reader:
    return lambda values: tuple(read(value) for value in values)


def _mapping(read: Reader) -> Reader:
    return lambda values: {key: read(value) for key, value in values.items()}


def _record(kind: Any) -> Reader:  # noqa: ANN401
    hints = get_type_hints(kind)
    readers = {field.name: reader(hints[field.name]) for field in dataclasses.fields(kind)}
    return lambda values: kind(**{name: readers[name](value) for name, value in values.items() if name in readers})
