"""Apache Parquet, as analysts' tools write it: row by row, a few at a time, however large a row group is.

https://parquet.apache.org/docs/file-format/; read with pyarrow, which is imported only when such a file is given.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from pipeline.dataset.formats import values
from pipeline.dataset.port import MIB, Format, Limits, Line, Peek
from pipeline.errors import InputError

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

MAGIC = b"PAR1"
BATCH = 200
UNPACKED_TIMES = 20
DAMAGED = "The Parquet file is damaged or encrypted. Write it again, or export it as CSV or JSON Lines."


def recognises(peek: Peek) -> bool:
    return peek.start.startswith(MAGIC)


def lines(peek: Peek, limits: Limits) -> Iterator[Line]:
    with _opened(peek) as file:
        _refuse_bomb(file, limits)
        _refuse_twins(file.schema_arrow.names)
        number = 0
        for batch in file.iter_batches(batch_size=BATCH):
            for row in batch.to_pylist():
                number += 1
                place = f"row {number}"
                yield Line(
                    place=place, cells=values.cells({name: _plain(cell, name, place) for name, cell in row.items()}, place)
                )


@contextmanager
def _opened(peek: Peek) -> "Iterator[ParquetFile]":
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(peek.path, memory_map=False, buffer_size=MIB) as file:
            yield file
    except (ArrowException, OSError) as error:
        raise InputError(DAMAGED) from error


def _refuse_bomb(file: "ParquetFile", limits: Limits) -> None:
    """A small file may unpack to anything; its own directory says to how much."""
    groups = file.metadata
    size = sum(groups.row_group(i).total_byte_size for i in range(groups.num_row_groups))
    if size > UNPACKED_TIMES * limits.max_bytes:
        raise InputError(
            f"The Parquet file unpacks to {size / MIB:,.0f} MB; {UNPACKED_TIMES * limits.max_bytes // MIB:,} MB are allowed. "
            "Upload a representative part of it."
        )


def _refuse_twins(columns: list[str]) -> None:
    named = [column.strip() for column in columns]
    twin = next((column for column in named if named.count(column) > 1), None)
    if twin is not None:
        raise InputError(f"Two columns are called “{twin}”. Rename one of them.")


def _plain(value: Any, column: str, place: str) -> object:  # noqa: ANN401  whatever the file holds
    """A cell as JSON would hold it: moments in ISO form, what is no number as nothing, bytes as text where they are text."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise InputError(f"{place.capitalize()} has bytes that are no text in “{column}”. Leave that column out.") from None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item, column, place) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, column, place) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


FORMAT = Format(name="Parquet", recognises=recognises, lines=lines, nothing="The file holds no samples. Write at least one row.")
