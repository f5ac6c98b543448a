"""Searches for a better prompt by plan and target: their budget, how far they are and what came of them."""

from sqlalchemy import select, update

from db.keys import progress_card, prompts_card
from db.records import Improvement, JobState
from db.store.cards import bump, bump_status
from db.store.noun import Noun
from db.store.rows import insert_new, records, values
from db.tables import improvements

I = improvements.c  # noqa: E741  one letter for each table


class Improvements(Noun):
    async def add(self, improvement: Improvement) -> None:
        """Begin a search; what there is of this plan and target stands."""
        async with self.db.write() as tx:
            if await insert_new(tx, improvements, values(improvement)):
                await bump_status(tx, improvement.migration_id)

    async def of(self, migration_id: str, number: int) -> tuple[Improvement, ...]:
        """The searches of a plan, by target."""
        query = select(improvements).where(I.migration_id == migration_id, I.number == number).order_by(I.target)
        async with self.db.read() as tx:
            return records(Improvement, await tx.execute(query))

    async def spent(self, improvement: Improvement) -> None:
        """How far it is: state, calls, money, budget and note replace what was known; one that ended stays as it is."""
        going = (JobState.QUEUED, JobState.RUNNING)
        key = (I.migration_id == improvement.migration_id, I.number == improvement.number, I.target == improvement.target)
        now = values(improvement, "migration_id", "number", "target")
        async with self.db.write() as tx:
            await tx.execute(update(improvements).where(*key, I.state.in_(going)).values(**now))
            await bump(tx, *_cards(improvement))


def _cards(improvement: Improvement) -> tuple[str, str]:
    """The messages that tell how far a search is."""
    stage = f"candidates:{improvement.number}"
    return progress_card(improvement.migration_id, stage), prompts_card(improvement.migration_id, improvement.number)
