"""The turns of a round: what is proposed, what a person asked for, what it brought, and whether it was kept."""

from collections.abc import Sequence

from sqlalchemy import select, update

from db.keys import prompts_card, round_card
from db.records import Effect, PromptChoice, QuestionKind, Turn
from db.store.audit import append
from db.store.cards import bump
from db.store.migrations import found
from db.store.noun import Noun
from db.store.prompts import choose, chosen
from db.store.questions import check_open
from db.store.rows import insert_missing, record, records, values
from db.tables import turns
from pipeline.errors import RefusedError

T = turns.c


class Rounds(Noun):
    async def propose(self, proposed: Sequence[Turn]) -> None:
        """Keep what is proposed; what there is with the same id stays as it is."""
        async with self.db.write() as tx:
            await insert_missing(tx, turns, [values(turn) for turn in proposed])
            await bump(tx, *{prompts_card(turn.migration_id, turn.number) for turn in proposed})

    async def get(self, turn_id: str) -> Turn:
        """Raises RefusedError for an unknown id."""
        async with self.db.read() as tx:
            row = (await tx.execute(select(turns).where(T.id == turn_id))).first()
        if row is None:
            raise RefusedError("This proposal is not known here. The prompts card lists the ones that are.")
        return record(Turn, row)

    async def of(self, migration_id: str, number: int, turn: int | None = None) -> tuple[Turn, ...]:
        """What was proposed in a round, or in one turn of it, in the order it was proposed."""
        query = select(turns).where(T.migration_id == migration_id, T.number == number)
        query = query if turn is None else query.where(T.turn == turn)
        async with self.db.read() as tx:
            return records(Turn, await tx.execute(query.order_by(T.turn, T.target, T.position)))

    async def ask(self, *turn_ids: str) -> None:
        """These proposals shall be made."""
        async with self.db.write() as tx:
            await tx.execute(update(turns).where(T.id.in_(turn_ids)).values(asked=True))

    async def made(self, turn_id: str, prompt_hash: str | None, refusal: str | None = None) -> None:
        """The candidate made from a proposal, or why there is none; the first answer stands."""
        open_one = update(turns).where(T.id == turn_id, T.prompt_hash.is_(None), T.refusal.is_(None))
        async with self.db.write() as tx:
            await tx.execute(open_one.values(prompt_hash=prompt_hash, refusal=refusal))
            await bump(tx, round_card(turn_id))

    async def measured(self, turn_id: str, effects: tuple[Effect, ...], advice: str) -> None:
        """What it changed on dev, by cluster of errors, and what that speaks for."""
        async with self.db.write() as tx:
            await tx.execute(update(turns).where(T.id == turn_id).values(effects=effects, advice=advice))
            await bump(tx, round_card(turn_id))

    async def keep(self, turn: Turn, *, kept: bool, by: str, reason: str) -> bool:
        """A person keeps or reverts a turn; the first answer stands, and whether it is this one is returned.

        What is kept is chosen for its target. Where what is reverted is chosen, the prompt it changed is again. RefusedError, and
        nothing written, where that prompt may not be used any more or the prompts of the number are accepted.
        """
        async with self.db.write() as tx:
            team = (await found(tx, turn.migration_id, lock=True)).team
            await check_open(tx, turn.migration_id, QuestionKind.PROMPTS, str(turn.number))
            said = update(turns).where(T.id == turn.id, T.kept.is_(None)).values(kept=kept, kept_by=by).returning(T.id)
            if (await tx.execute(said)).first() is None:
                return False
            wanted = turn.prompt_hash if kept else turn.parent
            if wanted and (kept or await chosen(tx, turn.migration_id, turn.number, turn.target) == turn.prompt_hash):
                await choose(tx, self._choice(turn, wanted, by, reason))
            detail, action = {"turn": turn.id, "prompt": turn.prompt_hash or ""}, "kept" if kept else "reverted"
            await append(tx, by, action, team=team, migration_id=turn.migration_id, detail=detail, at=self.clock())
            await bump(tx, round_card(turn.id), prompts_card(turn.migration_id, turn.number))
        return True

    def _choice(self, turn: Turn, prompt_hash: str, by: str, reason: str) -> PromptChoice:
        return PromptChoice(
            migration_id=turn.migration_id, round=turn.number, target=turn.target, turn=0, prompt_hash=prompt_hash,
            reason=reason, by=by, at=self.clock(),
        )  # fmt: skip
