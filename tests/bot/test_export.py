"""`ferry export`: a migration by the beginning of its id, all its runs, or a sentence."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bot.export import write
from db import open_store
from db.places import Places
from pipeline.errors import InputError
from tests.db.facts import opened, output, queued, score


async def test_all_runs_of_a_migration_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = Places(home=tmp_path)
    store = await open_store(places)
    migration = await opened(store)
    run = await queued(store, migration)
    await store.runs.save(run.id, [output("s0"), output("s2")], [score("s0"), score("s2", None, unscored="why: not")])
    await store.close()
    await write(places, migration.id[:6], tmp_path / "out")
    assert "2 outputs and 2 scores of Support tickets" in capsys.readouterr().out
    assert sorted(pq.read_table(tmp_path / "out" / "outputs.parquet")["sample"].to_pylist()) == ["s0", "s2"]


async def test_without_an_id_they_are_listed_and_an_unknown_one_has_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = Places(home=tmp_path)
    await write(places, None, tmp_path)
    assert "There is no migration in this data folder yet" in capsys.readouterr().out
    store = await open_store(places)
    migration = await opened(store)
    await store.close()
    await write(places, None, tmp_path)
    assert f"{migration.id[:12]}" in capsys.readouterr().out
    with pytest.raises(InputError, match="without an id lists them"):
        await write(places, "nobody", tmp_path / "out")
    assert not (tmp_path / "out").exists()
