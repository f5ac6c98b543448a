"""What people wrote never stands in an error of the database, and so in no log."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from db.store import Store


async def test_a_failed_statement_does_not_tell_its_values(store: Store) -> None:
    with pytest.raises(SQLAlchemyError) as caught:
        async with store.migrations.db.write() as tx:
            await tx.execute(text("insert into no_such_table values (:said)"), {"said": "my card was stolen"})
    assert "no_such_table" in str(caught.value)
    assert "stolen" not in str(caught.value)
