"""Prompt versions by hash, the candidates of each round and the ones that were chosen."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.store.audit import append
from db.store.cards import bump_status
from db.store.migrations import found
from db.store.noun import Noun
from db.store.rows import insert_missing, insert_new, records
from db.tables import candidates, prompts, selections
from pipeline.errors import RefusedError
from pipeline.records import Candidate, PromptVersion

C, P, S = candidates.c, prompts.c, selections.c


class Prompts(Noun):
    async def add(self, migration_id: str, prompt: PromptVersion) -> None:
        """Keep a version; the same hash again is the same version."""
        async with self.db.write() as tx:
            await _keep(tx, migration_id, [prompt])

    async def get(self, migration_id: str, prompt_hash: str) -> PromptVersion:
        """Raises RefusedError for a hash this migration does not have."""
        async with self.db.read() as tx:
            query = select(P.prompt).where(P.migration_id == migration_id, P.hash == prompt_hash)
            found: PromptVersion | None = await tx.scalar(query)
        if found is None:
            raise RefusedError("This prompt version is not known in this migration. The prompts card lists the ones that are.")
        return found

    async def original(self, migration_id: str) -> PromptVersion:
        """The prompt the migration was opened with."""
        async with self.db.read() as tx:
            found: PromptVersion = (await tx.scalars(select(P.prompt).where(P.migration_id == migration_id, P.original))).one()
        return found

    async def tell(self, migration_id: str, prompt: PromptVersion, *, by: str) -> None:
        """Give a migration that was opened without a prompt its original; the same again does nothing.

        Raises RefusedError when it has another one: runs and candidates rest on it.
        """
        async with self.db.write() as tx:
            migration = await found(tx, migration_id, lock=True)
            before: PromptVersion = (await tx.scalars(select(P.prompt).where(P.migration_id == migration_id, P.original))).one()
            if before.hash == prompt.hash:
                return
            if before.user or before.system:
                raise RefusedError("This migration has its prompt already. `/migrate again` starts one with another prompt.")
            await _keep(tx, migration_id, [prompt])
            await tx.execute(update(prompts).where(P.migration_id == migration_id).values(original=P.hash == prompt.hash))
            await bump_status(tx, migration_id)
            detail = {"prompt": prompt.hash}
            await append(tx, by, "changed", team=migration.team, migration_id=migration_id, detail=detail, at=self.clock())

    async def add_candidates(self, migration_id: str, round_number: int, proposed: Sequence[Candidate]) -> None:
        """Keep what was proposed for each target, in this order; what a round already has stays as it is."""
        rows = [
            {"migration_id": migration_id, "round": round_number, "target": c.target, "prompt_hash": c.prompt.hash,
             "position": position, "prompt": c.prompt, "refusal": c.refusal}
            for position, c in enumerate(proposed)
        ]  # fmt: skip
        async with self.db.write() as tx:
            await _keep(tx, migration_id, [c.prompt for c in proposed])
            await insert_missing(tx, candidates, rows)

    async def candidates(self, migration_id: str, round_number: int) -> tuple[Candidate, ...]:
        """Those of a round in the order they were proposed, refused ones too."""
        query = select(candidates).where(C.migration_id == migration_id, C.round == round_number)
        async with self.db.read() as tx:
            return records(Candidate, await tx.execute(query.order_by(C.position, C.target, C.prompt_hash)))

    async def select(self, migration_id: str, round_number: int, target: str, prompt_hash: str, reason: str) -> None:
        """Choose the prompt of a target in a round; the first choice stands."""
        row = {
            "migration_id": migration_id,
            "round": round_number,
            "target": target,
            "prompt_hash": prompt_hash,
            "reason": reason,
        }
        async with self.db.write() as tx:
            if await insert_new(tx, selections, row):
                await bump_status(tx, migration_id)

    async def selected(self, migration_id: str, round_number: int) -> Mapping[str, str]:
        """Target -> hash of its chosen prompt."""
        return {target: prompt_hash for target, (prompt_hash, _) in (await self.chosen(migration_id, round_number)).items()}

    async def chosen(self, migration_id: str, round_number: int) -> Mapping[str, tuple[str, str]]:
        """Target -> hash of its chosen prompt and the reason."""
        query = select(selections).where(S.migration_id == migration_id, S.round == round_number).order_by(S.target)
        async with self.db.read() as tx:
            return {row.target: (row.prompt_hash, row.reason) for row in await tx.execute(query)}


async def _keep(tx: AsyncConnection, migration_id: str, versions: Sequence[PromptVersion]) -> None:
    rows = [{"migration_id": migration_id, "hash": v.hash, "original": False, "prompt": v} for v in versions]
    await insert_missing(tx, prompts, rows)
