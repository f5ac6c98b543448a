"""Plans by number. A plan never changes: what somebody wants different is the next plan."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from db.records import Plan
from db.store.cards import bump_status
from db.store.noun import Noun
from db.store.rows import insert_new
from db.tables import plans
from pipeline.errors import RefusedError

P = plans.c


class Plans(Noun):
    async def add(self, plan: Plan) -> Plan:
        """The plan with this number; the first one given stands."""
        row = {"migration_id": plan.migration_id, "number": plan.number, "hash": plan.hash, "plan": plan}
        async with self.db.write() as tx:
            if await insert_new(tx, plans, row):
                await bump_status(tx, plan.migration_id)
            return await _get(tx, plan.migration_id, plan.number)

    async def get(self, migration_id: str, number: int) -> Plan:
        """Raises RefusedError for a number there is no plan of."""
        async with self.db.read() as tx:
            return await _get(tx, migration_id, number)

    async def latest(self, migration_id: str) -> Plan | None:
        async with self.db.read() as tx:
            query = select(P.plan).where(P.migration_id == migration_id).order_by(P.number.desc()).limit(1)
            found: Plan | None = await tx.scalar(query)
        return found


async def _get(tx: AsyncConnection, migration_id: str, number: int) -> Plan:
    found: Plan | None = await tx.scalar(select(P.plan).where(P.migration_id == migration_id, P.number == number))
    if found is None:
        raise RefusedError(f"There is no plan {number} in this migration. The status card shows the current one.")
    return found
