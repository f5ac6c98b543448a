"""Prompts that people tried on one sample: asked, answered, shown; they count nowhere."""

from sqlalchemy import select, update

from db.keys import try_card
from db.records import Attempt, MessageKind
from db.store.cards import bump, post
from db.store.migrations import found
from db.store.noun import Noun
from db.store.rows import insert_new, record, records, values
from db.tables import tries
from pipeline.errors import RefusedError
from pipeline.records import Output, Score

T = tries.c


class Tries(Noun):
    async def ask(self, asked: Attempt) -> Attempt:
        """The try with this id; the first time with its message."""
        async with self.db.write() as tx:
            if await insert_new(tx, tries, values(asked)):
                migration = await found(tx, asked.migration_id)
                key, kind = try_card(asked.id), MessageKind.TRY
                await post(tx, key, migration_id=migration.id, channel=migration.channel, kind=kind, subject=asked.id)
            return record(Attempt, (await tx.execute(select(tries).where(T.id == asked.id))).one())

    async def answer(
        self, try_id: str, output: Output | None, scores: tuple[Score, ...] = (), problem: str | None = None
    ) -> None:
        """What came of it, or why nothing did; an answer stands."""
        async with self.db.write() as tx:
            waiting = update(tries).where(T.id == try_id, T.output.is_(None))
            await tx.execute(waiting.values(output=output, scores=scores, problem=problem))
            await bump(tx, try_card(try_id))

    async def get(self, try_id: str) -> Attempt:
        """Raises RefusedError for an unknown id."""
        async with self.db.read() as tx:
            row = (await tx.execute(select(tries).where(T.id == try_id))).first()
        if row is None:
            raise RefusedError("This try is not known here.")
        return record(Attempt, row)

    async def waiting(self) -> tuple[Attempt, ...]:
        """Those with neither an answer nor a problem, oldest first."""
        query = select(tries).where(T.output.is_(None), T.problem.is_(None)).order_by(T.at, T.id)
        async with self.db.read() as tx:
            return records(Attempt, await tx.execute(query))
