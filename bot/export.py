"""`ferry export`: what a migration's runs answered and scored, as Parquet files an analyst opens."""

from pathlib import Path

import typer

from db import Store, open_store
from db.places import Places
from db.records import Migration
from pipeline.errors import InputError
from pipeline.export import Exported, Tables, open_tables

LISTED = 20


async def write(places: Places, migration_id: str | None, folder: Path) -> int:
    """Write the files and say how much is in them; without an id, list the migrations. Raises InputError for an unknown one."""
    store = await open_store(places)
    try:
        every = await store.migrations.every()
        if migration_id is None:
            _list(every)
            return 0
        chosen = _named(every, migration_id)
        with open_tables(folder) as tables:
            await _all_runs(store, chosen, tables)
        typer.echo(f"{tables.outputs:,} outputs and {tables.scores:,} scores of {chosen.name} are in {folder}.")
        return 0
    finally:
        await store.close()


async def _all_runs(store: Store, migration: Migration, tables: Tables) -> None:
    for run in await store.runs.listed(migration.id):
        about = Exported(id=run.id, stage=run.stage, key=run.key)
        async for outputs in store.exports.outputs(run.id):
            tables.add_outputs(about, outputs)
        async for scores in store.exports.scores(run.id):
            tables.add_scores(about, scores)
        typer.echo(f"  {run.stage} · {run.label}: {run.stored:,} outputs")


def _named(every: tuple[Migration, ...], start: str) -> Migration:
    found = [migration for migration in every if migration.id.startswith(start)]
    if len(found) != 1:
        what = "No migration" if not found else f"{len(found)} migrations"
        raise InputError(f'{what} with an id that begins with "{start}". `ferry export` without an id lists them.')
    return found[0]


def _list(every: tuple[Migration, ...]) -> None:
    for migration in every[:LISTED]:
        typer.echo(f"{migration.id[:12]}  {migration.created_at:%Y-%m-%d}  {migration.status:<9}  {migration.name}")
    if len(every) > LISTED:
        typer.echo(f"and {len(every) - LISTED} earlier ones")
    if not every:
        typer.echo("There is no migration in this data folder yet (FERRY_HOME, FERRY_DATABASE_URL).")
