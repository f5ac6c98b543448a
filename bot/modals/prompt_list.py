"""Every candidate of one target, and every choice made so far, with a way back to each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.blocks.escape import literal
from bot.cards.kit import Block, button, context, mention, section, when
from bot.cards.prompts import TargetFacts, press_of, rank, row
from bot.modals import kit

CALLBACK = "prompt_list"
MOST = 40
"""Candidates and choices each: a form takes a hundred blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A choice in the history of a target; `by` is None where the figures on dev chose."""

    prompt_hash: str
    method: str
    reason: str
    by: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFacts:
    """`place` is the target's in the plan of round `number`; `history` the oldest first; `open` while people can choose."""

    migration_id: str
    number: int
    place: int
    target: TargetFacts
    dev: int
    history: Sequence[Chosen]
    open: bool


def view(facts: ListFacts) -> dict[str, Any]:
    """A form with nothing to send: its buttons lead on."""
    blocks: list[Block] = [section(f"*{literal(facts.target.target, 150)}*"), *_candidates(facts), *_history(facts)]
    return kit.modal(CALLBACK, "All candidates", blocks, submit="", meta={})


def _candidates(facts: ListFacts) -> Iterator[Block]:
    """Of more than there is room for, refused ones and those that fell out are left out first."""
    shown = sorted(range(len(facts.target.candidates)), key=lambda at: rank(facts.target.candidates[at]))[:MOST]
    for candidate in (facts.target.candidates[at] for at in sorted(shown)):
        press = press_of(facts.migration_id, facts.number, facts.place, candidate.prompt_hash)
        yield section(row(candidate, facts.dev), button("What changed", "prompt_look", press))
    if len(facts.target.candidates) > MOST:
        yield context(f"and {len(facts.target.candidates) - MOST} more candidates; the report files name all of them.")


def _history(facts: ListFacts) -> Iterator[Block]:
    if not facts.history:
        return
    yield section("*Choices so far*, the newest first")
    newest = facts.history[-1].prompt_hash
    for choice in tuple(reversed(facts.history))[:MOST]:
        press = press_of(facts.migration_id, facts.number, facts.place, choice.prompt_hash)
        back = button("Go back to this", "prompt_back", press) if facts.open and choice.prompt_hash != newest else None
        yield section(_told(choice), back)
    if len(facts.history) > MOST:
        yield context(f"and {len(facts.history) - MOST} earlier choices; the audit record has them.")


def _told(choice: Chosen) -> str:
    whose = mention(choice.by, nobody="Ferry, by the figures on dev")
    at = f" {when(choice.at)}" if choice.at else ""
    reason = f"\n{literal(choice.reason, 400)}" if choice.reason else ""
    return f"*{literal(choice.method, 80)}* `{choice.prompt_hash[:8]}`: {whose}{at}{reason}"
