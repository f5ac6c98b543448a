"""Files are in reach of every process: through the folder on SQLite, through the database where hosts have folders each."""

from dataclasses import replace
from pathlib import Path

import pytest

from db import Store
from db.store.files import PIECE
from tests.stores import postgres_store


def written(store: Store, name: str, content: bytes) -> None:
    path = store.files.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.mark.parametrize("content", [b"", b"x", b"a" * PIECE, b"b" * (2 * PIECE + 7)])
async def test_another_host_reads_what_was_shared(tmp_path: Path, content: bytes) -> None:
    async with postgres_store(tmp_path / "here") as store:
        written(store, "uploads/one", content)
        there = replace(store.files, root=tmp_path / "there")
        assert not (await there.path("uploads/one")).exists()
        await store.files.share("uploads/one")
        found = await there.path("uploads/one")
        assert found == tmp_path / "there" / "uploads" / "one"
        assert found.read_bytes() == content
        assert [path.name for path in found.parent.iterdir()] == ["one"]


async def test_a_file_that_is_shared_again_replaces_what_was_shared(tmp_path: Path) -> None:
    async with postgres_store(tmp_path / "here") as store:
        for content in (b"long" * PIECE, b"short"):
            written(store, "reports/m/1/report.html", content)
            await store.files.share("reports/m/1/report.html")
        there = replace(store.files, root=tmp_path / "there")
        assert (await there.path("reports/m/1/report.html")).read_bytes() == b"short"


async def test_the_folder_itself_is_the_place_on_sqlite(sqlite_store: Store) -> None:
    written(sqlite_store, "uploads/one", b"x")
    await sqlite_store.files.share("uploads/one", "uploads/gone")
    assert (await sqlite_store.files.path("uploads/one")).read_bytes() == b"x"
