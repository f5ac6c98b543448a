"""Column types of the tables: how names of enums, records, tuples and long texts become what a database can hold."""

import json
import threading
from enum import StrEnum
from typing import Any

import zstandard
from sqlalchemy import CheckConstraint, Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from db.codec import reader
from pipeline.hashing import canonical_json

REPLACEMENT, NOTHING = "\ufffd", "[]"


def clean(text: str) -> str:
    """`text` with NUL and lone surrogates, which not every database holds, as the replacement character."""
    if text.isascii() and "\x00" not in text:  # most of what providers say
        return text
    return text.replace("\x00", REPLACEMENT).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Words(TypeDecorator[str]):
    """Free text of people and providers, cleaned."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class Named(TypeDecorator[StrEnum]):
    """A member of a StrEnum by its value; `one_of` adds the CHECK to the table."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.kind(value)


class Written(str):
    """Canonical JSON of a record that somebody wrote before the transaction began."""

    __slots__ = ()


class Frozen(TypeDecorator[Any]):
    """A frozen record, or a tuple of strings, as canonical JSON."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:  # noqa: ANN401  a type form
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        if value is None or isinstance(value, Written):
            return value
        return NOTHING if value == () else canonical_json(value)  # most outputs hold only empty ones

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        return None if value is None else reader(self.kind)(json.loads(value))


class Packed(TypeDecorator[str]):
    """A long text as zstd-compressed UTF-8; any text a model can return comes back as it was."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _ZSTD.compressor.compress(value.encode("utf-8", "surrogatepass"))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else _ZSTD.decompressor.decompress(value).decode("utf-8", "surrogatepass")


class _Zstd(threading.local):
    """A compressor may serve one thread at a time, and costs more to make than a short text to compress."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=3)
        self.decompressor = zstandard.ZstdDecompressor()


_ZSTD = _Zstd()


def one_of(column: str, values: type[StrEnum] | tuple[str, ...]) -> CheckConstraint:
    """The CHECK that `column` holds one of `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
