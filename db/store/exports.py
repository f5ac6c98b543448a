"""Outputs and scores page by page, for readers that hold no run whole."""

from collections.abc import AsyncIterator

from sqlalchemy import select, tuple_

from db.store.noun import Noun
from db.store.runs import read_output, read_score
from db.tables import outputs, scores
from pipeline.records import Output, Score

PAGE = 5000
OUT, S = outputs.c, scores.c


class Exports(Noun):
    async def outputs_after(self, run_id: str, sample_id: str, size: int = PAGE) -> tuple[Output, ...]:
        """The next outputs of a run in the database's own order of sample ids; from the first one after an empty id."""
        page = select(outputs).where(OUT.run_id == run_id, OUT.sample_id > sample_id).order_by(OUT.sample_id).limit(size)
        async with self.db.read() as tx:
            return tuple(read_output(row) for row in await tx.execute(page))

    async def scores_after(self, run_id: str, metric: str, sample_id: str, size: int = PAGE) -> tuple[Score, ...]:
        """The next scores of a run by metric and sample id, after this cell."""
        later = tuple_(S.metric, S.sample_id) > tuple_(metric, sample_id)
        page = select(scores).where(S.run_id == run_id, later).order_by(S.metric, S.sample_id).limit(size)
        async with self.db.read() as tx:
            return tuple(read_score(row) for row in await tx.execute(page))

    async def outputs(self, run_id: str) -> AsyncIterator[tuple[Output, ...]]:
        """Every output, a page at a time; each page sees its own moment."""
        last = ""
        while page := await self.outputs_after(run_id, last):
            yield page
            last = page[-1].sample_id

    async def scores(self, run_id: str) -> AsyncIterator[tuple[Score, ...]]:
        """Every score, a page at a time."""
        last = ("", "")
        while page := await self.scores_after(run_id, *last):
            yield page
            last = (page[-1].metric, page[-1].sample_id)
