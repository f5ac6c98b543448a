"""What every table shares: one metadata whose constraints have names, so that Alembic can change them on SQLite too."""

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA = MetaData(naming_convention=NAMES)


class Base(SQLModel, registry=registry(metadata=METADATA)):
    """A table's declaration. Nothing outside `db` sees one: the store speaks in records."""


def table(kind: type[Base]) -> Table:
    """The core table of a declaration; statements are core statements, so bulk writes stay fast and nothing is cached."""
    return METADATA.tables[str(kind.__tablename__)]
