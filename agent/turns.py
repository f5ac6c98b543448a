"""The turns people ask for at the prompts' gate: the gate's keys, which turns were asked, and what they came to."""

from db.records import Turn
from db.store import Store

USE, ROUND, CANCEL = "use", "round", "cancel"
"""What a person can answer at the gate."""
OWN = 99
"""The position of a proposal in a person's own words, behind all of Ferry's."""


def gate(number: int, turn: int) -> str:
    """The gate after `turn` turns of a number, as its question is keyed behind its kind."""
    return f"{number}:{turn}" if turn else str(number)


def question(number: int, turn: int) -> str:
    """The key of the question that is asked after `turn` turns of a number."""
    return f"prompts:{gate(number, turn)}"


async def asked(store: Store, migration_id: str, number: int) -> int:
    """How many turns people asked for in a number."""
    count = 0
    while (decision := await store.questions.decision(migration_id, question(number, count))) and decision.answer == ROUND:
        count += 1
    return count


async def unproposed(store: Store, migration_id: str, number: int, turn: int) -> list[str]:
    """The targets for whose chosen prompt nobody has looked yet what this turn could try."""
    looked = {(each.target, each.parent) for each in await store.rounds.of(migration_id, number, turn) if each.position != OWN}
    if any(not target for target, _ in looked):  # the look itself failed, and the form says why
        return []
    chosen = await store.prompts.selected(migration_id, number)
    return [target for target, prompt_hash in chosen.items() if (target, prompt_hash) not in looked]


async def are_made(store: Store, migration_id: str, number: int) -> bool:
    """Whether every turn that was asked for has its candidate, or the reason why there is none."""
    made = {turn.turn for turn in await store.rounds.of(migration_id, number) if turn.asked and is_made(turn)}
    waiting = {turn.turn for turn in await store.rounds.of(migration_id, number) if turn.asked and not is_made(turn)}
    return not waiting and set(range(1, await asked(store, migration_id, number) + 1)) <= made


def is_made(turn: Turn) -> bool:
    return turn.prompt_hash is not None or turn.refusal is not None


async def not_kept(store: Store, migration_id: str, number: int, target: str) -> frozenset[str]:
    """Candidates of turns that nobody kept, or not yet: Ferry never chooses one by itself."""
    found = [turn for turn in await store.rounds.of(migration_id, number) if turn.target == target and turn.prompt_hash]
    kept = {turn.prompt_hash for turn in found if turn.kept}
    return frozenset(turn.prompt_hash for turn in found if turn.prompt_hash and turn.prompt_hash not in kept)
