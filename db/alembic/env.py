"""Alembic's entry: `db.migrate` hands it an open connection inside a transaction that holds the lock."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import TypeDecorator
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from db.tables import METADATA


def as_plain_type(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:  # noqa: ANN401
    """Revisions name the database's types, not ours: an old revision must not change when our code does."""
    if kind == "type" and isinstance(item, TypeDecorator) and type(item).__module__ == "db.columns":
        return f"sa.{item.impl_instance!r}"
    return f"sqlmodel.{item!r}" if isinstance(item, UTCDateTime | AutoString) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    render_item=as_plain_type,
)
with context.begin_transaction():
    context.run_migrations()
