"""The few statements everything is written with, and records from rows: columns are named as the records' fields."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Values = Mapping[str, Any]
R = TypeVar("R")
T = TypeVar("T")
BATCH = 500
_FIELDS: dict[Any, tuple[str, ...]] = {}


def _names(kind: Any, left_out: tuple[str, ...] = ()) -> tuple[str, ...]:  # noqa: ANN401  any record's type
    """Looked up once for each type: rows are made by the million."""
    known = _FIELDS.get((kind, left_out))
    if known is None:
        known = _FIELDS[kind, left_out] = tuple(field.name for field in fields(kind) if field.name not in left_out)
    return known


def values(record: Any, *left_out: str) -> dict[str, Any]:  # noqa: ANN401  any record
    """The fields of a record as column values."""
    return {name: getattr(record, name) for name in _names(type(record), left_out)}


def record(kind: type[R], row: Row[Any], **given: object) -> R:
    """A record from the columns with its fields' names; `given` are the fields without such a column."""
    found = row._mapping
    return kind(**{name: given[name] if name in given else found[name] for name in _names(kind)})


def records(kind: type[R], rows: Iterable[Row[Any]]) -> tuple[R, ...]:
    return tuple(record(kind, row) for row in rows)


def insert(tx: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT in the dialect of the connection."""
    return _insert(tx.dialect.name, table)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


async def insert_new(tx: AsyncConnection, table: Table, row: Values) -> bool:
    """Insert unless a unique key is taken; True when it was not."""
    key = table.primary_key.columns.values()[0]
    statement = insert(tx, table).values(**row).on_conflict_do_nothing().returning(key)
    return (await tx.execute(statement)).first() is not None


async def insert_missing(tx: AsyncConnection, table: Table, rows: Iterable[Values]) -> None:
    """Insert every row whose unique keys are free, a batch at a time: the event loop is never kept for long."""
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        await tx.execute(insert(tx, table).on_conflict_do_nothing(), batch)


async def insert_fresh(tx: AsyncConnection, table: Table, rows: Sequence[Values], key: ColumnElement[T]) -> Sequence[T]:
    """Insert the rows whose unique keys are free; the `key` of each of them."""
    if not rows:
        return ()
    return (await tx.scalars(insert(tx, table).on_conflict_do_nothing().returning(key), rows)).all()


async def upsert(tx: AsyncConnection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows; where the primary key is taken, the new values replace the old ones."""
    if rows:
        await tx.execute(_upserting(tx.dialect.name, table), rows)


@cache
def _upserting(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Made once for each table: a worker upserts scores a dozen times a second."""
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    changed = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)
