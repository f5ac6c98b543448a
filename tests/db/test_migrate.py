"""Tables come from revisions, equal what the code declares, and are made once however many processes start together."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect

from db import open_store
from db.engine import Database
from db.migrate import known, upgrade
from db.places import Places
from db.tables import METADATA
from pipeline.errors import PermanentError
from tests.db.raw import scalar, statement
from tests.stores import DATABASES, postgres_database


@asynccontextmanager
async def nothing_yet(database: str, home: Path) -> AsyncIterator[Places]:
    """Places whose database is empty."""
    if database == "sqlite":
        yield Places(home=home)
    else:
        async with postgres_database() as url:
            yield Places(home=home, database_url=url)


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, METADATA))


def checks(connection: Connection) -> dict[str, list[str]]:
    """Table -> names of its CHECK constraints, each as often as it is there; comparing metadata does not look at them."""
    found = inspect(connection)
    return {name: sorted(str(c["name"]) for c in found.get_check_constraints(name)) for name in METADATA.tables}


@pytest.mark.parametrize("database", DATABASES)
async def test_the_revisions_make_the_declared_tables(database: str, tmp_path: Path) -> None:
    async with nothing_yet(database, tmp_path) as places:
        await upgrade(places.app_url)
        await upgrade(places.app_url)
        opened = Database(places.app_url)
        async with opened.read() as tx:
            assert await tx.run_sync(differences) == []
            made = await tx.run_sync(checks)
        await opened.close()
    declared = {
        table.name: sorted(str(c.name) for c in table.constraints if isinstance(c, CheckConstraint))
        for table in METADATA.tables.values()
    }
    assert made == declared


@pytest.mark.parametrize("database", DATABASES)
async def test_every_value_a_record_may_have_may_be_stored(database: str, tmp_path: Path) -> None:
    """A new member of an enum needs a revision: this says so."""
    async with nothing_yet(database, tmp_path) as places:
        await upgrade(places.app_url)
        opened = Database(places.app_url)
        async with opened.read() as tx:
            found = await tx.run_sync(
                lambda c: {t: " ".join(x["sqltext"] for x in inspect(c).get_check_constraints(t)) for t in METADATA.tables}
            )
        await opened.close()
    members = [(t.name, str(m)) for t in METADATA.tables.values() for c in t.c for m in members_of(getattr(c.type, "kind", None))]
    assert [(table, member) for table, member in members if f"'{member}'" not in found[table]] == []
    assert members


def members_of(kind: object) -> list[StrEnum]:
    return list(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else []


@pytest.mark.parametrize("database", DATABASES)
async def test_processes_that_start_together_find_one_database(database: str, tmp_path: Path) -> None:
    code = "import asyncio, sys; from db.migrate import upgrade; asyncio.run(upgrade(sys.argv[1]))"
    async with nothing_yet(database, tmp_path) as places:
        started = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", code, places.app_url, stderr=asyncio.subprocess.PIPE)
            for _ in range(3)
        ]
        errors = [(await process.communicate())[1].decode() for process in started]
        assert [(process.returncode, error) for process, error in zip(started, errors, strict=True)] == [(0, "")] * 3
        store = await open_store(places)
        assert await scalar(store, "SELECT count(*) FROM alembic_version") == 1
        await store.close()


async def test_data_of_a_newer_ferry_is_left_alone(tmp_path: Path) -> None:
    places = Places(home=tmp_path)
    store = await open_store(places)
    await statement(store, "UPDATE alembic_version SET version_num = 'v9999'")
    await store.close()
    with pytest.raises(PermanentError, match="newer Ferry"):
        await open_store(places)


async def test_postgres_tables_live_in_their_own_schema(tmp_path: Path) -> None:
    async with postgres_database() as url:
        store = await open_store(Places(home=tmp_path, database_url=url))
        ours = "table_name IN ('run', 'alembic_version')"
        query = f"SELECT string_agg(DISTINCT table_schema, ',') FROM information_schema.tables WHERE {ours}"  # noqa: S608
        assert await scalar(store, query) == "ferry"
        await store.close()


def test_revisions_are_one_line() -> None:
    assert known() == [f"v{number:04}" for number in range(1, len(known()) + 1)]


async def test_the_next_revision_is_written_from_the_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the tables as they are, there is nothing to change."""
    import shutil

    from db import __main__ as command
    from db import migrate

    for part in ("alembic", "versions"):
        shutil.copytree(migrate.HERE / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "HERE", tmp_path)
    await command.write_revision("Nothing new")
    written = (tmp_path / "versions" / f"v{len(known()):04}_nothing_new.py").read_text()
    assert 'down_revision = "' in written.replace("'", '"')
    assert "op." not in written.split("def upgrade")[1]
