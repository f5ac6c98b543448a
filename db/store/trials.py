"""Trials of people's own criteria, by plan; a criterion is tried once for each plan."""

import json

from sqlalchemy import Row, select, update

from db.codec import reader
from db.records import Trial
from db.store.noun import Noun
from db.store.rows import insert_new
from db.tables import trials
from pipeline.hashing import canonical_json
from pipeline.records import Score

T = trials.c
SCORES = reader(tuple[Score, ...])


class Trials(Noun):
    async def add(self, trial: Trial) -> Trial:
        """The trial with this id; the first one given stands."""
        async with self.db.write() as tx:
            await insert_new(tx, trials, _row(trial))
            row = (await tx.execute(select(trials).where(T.id == trial.id))).one()
        return _trial(row)

    async def finish(self, trial_id: str, scores: tuple[Score, ...]) -> None:
        """What came of it; trying again replaces it."""
        async with self.db.write() as tx:
            await tx.execute(update(trials).where(T.id == trial_id).values(result_zstd=canonical_json(scores)))

    async def of(self, migration_id: str, number: int) -> tuple[Trial, ...]:
        """The trials of a plan, by metric."""
        query = select(trials).where(T.migration_id == migration_id, T.number == number).order_by(T.metric)
        async with self.db.read() as tx:
            return tuple(_trial(row) for row in await tx.execute(query))


def _row(trial: Trial) -> dict[str, object]:
    result = None if trial.scores is None else canonical_json(trial.scores)
    return {
        "id": trial.id,
        "migration_id": trial.migration_id,
        "number": trial.number,
        "metric": trial.metric,
        "result_zstd": result,
    }


def _trial(row: "Row[tuple[object, ...]]") -> Trial:
    found = row._mapping
    scores = None if found["result_zstd"] is None else SCORES(json.loads(found["result_zstd"]))
    return Trial(
        id=found["id"], migration_id=found["migration_id"], number=found["number"], metric=found["metric"], scores=scores
    )
