"""Samples, outputs and scores page by page, for readers that hold none of them whole."""

from collections.abc import AsyncIterator, Collection, Mapping

from sqlalchemy import select, tuple_

from db.store.noun import Noun
from db.store.runs import read_output, read_score
from db.tables import outputs, samples, scores
from pipeline.records import Output, Sample, Score, Split

PAGE = 5000
FIRST = -1
"""A position before that of every sample."""
OUT, S, X = outputs.c, scores.c, samples.c


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

    async def samples_after(self, dataset_id: str, split: Split, position: int, size: int = PAGE) -> Mapping[int, Sample]:
        """The next samples of a split by their position in the file, after this one."""
        mine = (X.dataset_id == dataset_id, X.split == split, X.position > position)
        page = select(X.position, X.sample).where(*mine).order_by(X.position).limit(size)
        async with self.db.read() as tx:
            return {row.position: row.sample for row in await tx.execute(page)}

    async def outputs(self, run_id: str, size: int = PAGE) -> AsyncIterator[tuple[Output, ...]]:
        """Every output, a page at a time; each page sees its own moment."""
        last = ""
        while page := await self.outputs_after(run_id, last, size):
            yield page
            last = page[-1].sample_id

    async def scores(self, run_id: str, size: int = PAGE) -> AsyncIterator[tuple[Score, ...]]:
        """Every score, a page at a time."""
        last = ("", "")
        while page := await self.scores_after(run_id, *last, size):
            yield page
            last = (page[-1].metric, page[-1].sample_id)

    async def samples(self, dataset_id: str, split: Split, size: int = PAGE) -> AsyncIterator[tuple[Sample, ...]]:
        """Every sample of a split, a page at a time, in the order of the file."""
        last = FIRST
        while page := await self.samples_after(dataset_id, split, last, size):
            yield tuple(page.values())
            last = max(page)

    async def hashes(self, dataset_id: str, split: Split) -> Mapping[str, str]:
        """The hash of what a model sees of each sample of a split."""
        query = select(X.sample_id, X.input_hash).where(X.dataset_id == dataset_id, X.split == split)
        async with self.db.read() as tx:
            return {row.sample_id: row.input_hash for row in await tx.execute(query)}

    async def metrics(self, run_ids: Collection[str]) -> frozenset[str]:
        """The metrics that any of these runs has a score in, or the reason why there is none."""
        async with self.db.read() as tx:
            return frozenset((await tx.scalars(select(S.metric).where(S.run_id.in_(run_ids)).distinct())).all())
