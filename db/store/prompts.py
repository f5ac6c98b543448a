"""Prompt versions by hash, the candidates of each round and the ones that were chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import progress_card, prompts_card, status_card
from db.records import Fallen, PromptChoice, QuestionKind, RunStatus
from db.store.audit import append
from db.store.cards import bump, bump_status, prompt_cards
from db.store.migrations import found
from db.store.noun import Noun
from db.store.questions import check_open
from db.store.rows import Values, insert_missing, insert_new, records, values
from db.tables import candidates, prompts, runs, selections
from pipeline.errors import RefusedError
from pipeline.records import Candidate, PromptVersion

REJECTED = "A person rejected it; the audit record says who."
C, P, R, S = candidates.c, prompts.c, runs.c, selections.c


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
        rows = [_candidate(migration_id, round_number, candidate, position) for position, candidate in enumerate(proposed)]
        async with self.db.write() as tx:
            await _keep(tx, migration_id, [c.prompt for c in proposed])
            await insert_missing(tx, candidates, rows)

    async def candidates(self, migration_id: str, round_number: int) -> tuple[Candidate, ...]:
        """Those of a round in the order they were proposed, refused ones too."""
        query = select(candidates).where(C.migration_id == migration_id, C.round == round_number)
        async with self.db.read() as tx:
            return records(Candidate, await tx.execute(query.order_by(C.position, C.target, C.prompt_hash)))

    async def add_candidate(self, migration_id: str, round_number: int, candidate: Candidate, *, by: str | None = None) -> bool:
        """Keep one more candidate, behind those the round has; False when it has this prompt for this target already.

        `by` is who wrote it by hand.
        """
        of_round = and_(C.migration_id == migration_id, C.round == round_number)
        async with self.db.write() as tx:
            migration = await found(tx, migration_id, lock=True)
            last = await tx.scalar(select(func.max(C.position)).where(of_round))
            await _keep(tx, migration_id, [candidate.prompt])
            row = _candidate(migration_id, round_number, candidate, 0 if last is None else last + 1)
            added = await insert_new(tx, candidates, row)
            if by is not None and added:
                detail = {"target": candidate.target, "prompt": candidate.prompt.hash}
                await append(tx, by, "wrote", team=migration.team, migration_id=migration_id, detail=detail, at=self.clock())
            await bump(tx, prompts_card(migration_id, round_number))
        return added

    async def narrow(self, migration_id: str, round_number: int, target: str, fallen: Sequence[Fallen], total: int) -> None:
        """Who fell out of the search, and that the runs of the others shall cover `total` samples; both, or nothing of it."""
        of_target = and_(C.migration_id == migration_id, C.round == round_number, C.target == target)
        going_on = select(C.prompt_hash).where(of_target, C.fell_at.is_(None), C.refusal.is_(None))
        stage = f"candidates:{round_number}"
        extended = and_(R.migration_id == migration_id, R.stage == stage, R.model == target, R.prompt_hash.in_(going_on))
        async with self.db.write() as tx:
            for each in fallen:
                out = update(candidates).where(of_target, C.prompt_hash == each.prompt_hash, C.fell_at.is_(None))
                await tx.execute(out.values(fell_at=each.samples, fell_why=each.why))
            await tx.execute(update(runs).where(extended, R.total < total).values(total=total, status=RunStatus.QUEUED))
            await bump(tx, prompts_card(migration_id, round_number), progress_card(migration_id, stage))

    async def fallen(self, migration_id: str, round_number: int) -> tuple[Fallen, ...]:
        """Who fell out of the search of a round, in the order of the candidates."""
        out = select(candidates).where(C.migration_id == migration_id, C.round == round_number, C.fell_at.is_not(None))
        async with self.db.read() as tx:
            rows = await tx.execute(out.order_by(C.position, C.target))
            return tuple(
                Fallen(target=row.target, prompt_hash=row.prompt_hash, samples=row.fell_at, why=row.fell_why) for row in rows
            )

    async def choose(
        self, migration_id: str, round_number: int, target: str, prompt_hash: str, reason: str, by: str | None = None
    ) -> bool:
        """Choose the prompt of a target in a round; what was chosen before stays in the history.

        False, and nothing written, when it is chosen already. RefusedError for a prompt that may not be run, and for a person's
        choice once the prompts of the round are accepted.
        """
        async with self.db.write() as tx:
            await found(tx, migration_id, lock=True)
            if by is not None:
                await check_open(tx, migration_id, QuestionKind.PROMPTS, str(round_number))
            choice = PromptChoice(
                migration_id=migration_id, round=round_number, target=target, turn=0, prompt_hash=prompt_hash, reason=reason,
                by=by, at=self.clock(),
            )  # fmt: skip
            return await choose(tx, choice)

    async def reject(self, migration_id: str, round_number: int, target: str, prompt_hash: str, *, by: str) -> bool:
        """A person takes a candidate out of the choice; False when it is out already. RefusedError for the one that is chosen."""
        one = and_(C.migration_id == migration_id, C.round == round_number, C.target == target, C.prompt_hash == prompt_hash)
        async with self.db.write() as tx:
            migration = await found(tx, migration_id, lock=True)
            history = await _choices(tx, migration_id, round_number, target)
            if history and history[-1].prompt_hash == prompt_hash:
                raise RefusedError("This prompt is chosen. Choose another one for this target first, then reject it.")
            out = update(candidates).where(one, C.refusal.is_(None)).values(refusal=REJECTED).returning(C.prompt_hash)
            if (await tx.execute(out)).first() is None:
                return False
            detail = {"target": target, "prompt": prompt_hash}
            await append(
                tx, by, "rejected a prompt", team=migration.team, migration_id=migration_id, detail=detail, at=self.clock()
            )
            await bump(tx, prompts_card(migration_id, round_number))
        return True

    async def choices(self, migration_id: str, round_number: int) -> tuple[PromptChoice, ...]:
        """Every choice of a round, oldest first for each target."""
        async with self.db.read() as tx:
            return await _choices(tx, migration_id, round_number)

    async def selected(self, migration_id: str, round_number: int) -> Mapping[str, str]:
        """Target -> hash of its chosen prompt."""
        return {target: prompt_hash for target, (prompt_hash, _) in (await self.chosen(migration_id, round_number)).items()}

    async def chosen(self, migration_id: str, round_number: int) -> Mapping[str, tuple[str, str]]:
        """Target -> hash of its chosen prompt and the reason."""
        return {each.target: (each.prompt_hash, each.reason) for each in await self.choices(migration_id, round_number)}


async def _choices(
    tx: AsyncConnection, migration_id: str, round_number: int, target: str | None = None
) -> tuple[PromptChoice, ...]:
    query = select(selections).where(S.migration_id == migration_id, S.round == round_number)
    query = query if target is None else query.where(S.target == target)
    return records(PromptChoice, await tx.execute(query.order_by(S.target, S.turn)))


async def chosen(tx: AsyncConnection, migration_id: str, round_number: int, target: str) -> str | None:
    """The hash of the prompt that is chosen for a target."""
    history = await _choices(tx, migration_id, round_number, target)
    return history[-1].prompt_hash if history else None


async def choose(tx: AsyncConnection, choice: PromptChoice) -> bool:
    """With its trace and the cards that show it, as the next turn; False when it is chosen already.

    A person's choice has to be a candidate that may be run: RefusedError for another.
    """
    history = await _choices(tx, choice.migration_id, choice.round, choice.target)
    if history and history[-1].prompt_hash == choice.prompt_hash:
        return False
    choice = replace(choice, turn=len(history) + 1)
    if choice.by is not None:
        await _check_passed(tx, choice.migration_id, choice.round, choice.target, choice.prompt_hash)
        team, detail = (await found(tx, choice.migration_id)).team, {"target": choice.target, "prompt": choice.prompt_hash}
        await append(tx, choice.by, "chose", team=team, migration_id=choice.migration_id, detail=detail, at=choice.at)
    await insert_new(tx, selections, values(choice))
    await bump(tx, *await prompt_cards(tx, choice.migration_id, choice.round), status_card(choice.migration_id))
    return True


async def _check_passed(tx: AsyncConnection, migration_id: str, round_number: int, target: str, prompt_hash: str) -> None:
    """Raises RefusedError for a prompt that is no candidate of this target, or that a guard refused."""
    one = and_(C.migration_id == migration_id, C.round == round_number, C.target == target, C.prompt_hash == prompt_hash)
    row = (await tx.execute(select(C.refusal).where(one))).first()
    if row is None:
        raise RefusedError("This prompt is no candidate of this round. The prompts card lists the ones that are.")
    if row.refusal is not None:
        raise RefusedError(f"This prompt may not be used. {row.refusal}")


def _candidate(migration_id: str, round_number: int, candidate: Candidate, position: int) -> Values:
    return {
        "migration_id": migration_id, "round": round_number, "target": candidate.target, "prompt_hash": candidate.prompt.hash,
        "position": position, "prompt": candidate.prompt, "refusal": candidate.refusal,
    }  # fmt: skip


async def _keep(tx: AsyncConnection, migration_id: str, versions: Sequence[PromptVersion]) -> None:
    rows = [{"migration_id": migration_id, "hash": v.hash, "original": False, "prompt": v} for v in versions]
    await insert_missing(tx, prompts, rows)
