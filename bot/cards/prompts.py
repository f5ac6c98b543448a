"""The prompt candidates of a round: what each method changed, which was refused and why, which one won on dev."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Block, Card, context, header, lines, section
from pipeline.records import Edit

TARGETS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFacts:
    """One candidate of one target; `removed` and `added` are the lines that differ from the source's prompt."""

    method: str
    prompt_hash: str
    refusal: str | None
    chosen: bool
    edits: tuple[Edit, ...] = ()
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsFacts:
    name: str
    round: int
    candidates: Mapping[str, Sequence[CandidateFacts]]  # by target


def prompts_card(facts: PromptsFacts) -> Card:
    """A section for each target, the differences of at most one candidate a target in full lines."""
    blocks: list[Block] = [header(f"Prompts, round {facts.round}: {facts.name}")]
    for target, candidates in list(facts.candidates.items())[:TARGETS]:
        blocks.append(section(f"*{literal(target, 150)}*"))
        blocks.append(lines((_candidate(candidate) for candidate in candidates), what="candidates"))
        blocks += _difference(candidates)
    if len(facts.candidates) > TARGETS:
        blocks.append(context(f"and {len(facts.candidates) - TARGETS} more targets; the report files name all candidates."))
    if len(blocks) == 1:
        blocks.append(section("No candidates yet."))
    total = sum(len(candidates) for candidates in facts.candidates.values())
    return Card(text=f"{total} prompt candidate(s) for {literal(facts.name, 200)}", blocks=blocks)


def _candidate(candidate: CandidateFacts) -> str:
    mark = ":trophy:" if candidate.chosen else ":no_entry:" if candidate.refusal else "•"
    refused = f" refused: {literal(candidate.refusal, 400)}" if candidate.refusal else ""
    edits = "".join(f"\n      – {literal(edit.rule, 80)}: {literal(edit.reason, 300)}" for edit in candidate.edits[:6])
    return f"{mark} *{literal(candidate.method, 80)}* `{candidate.prompt_hash[:8]}`{refused}{edits}"


def _difference(candidates: Sequence[CandidateFacts]) -> list[Block]:
    shown = next((c for c in candidates if c.chosen), candidates[-1] if candidates else None)
    if shown is None or not (shown.removed or shown.added):
        return []
    removed = [f"– {literal(line, 200)}" for line in shown.removed[:12]]
    added = [f"+ {literal(line, 200)}" for line in shown.added[:12]]
    more = max(0, len(shown.removed) - 12) + max(0, len(shown.added) - 12)
    told = [*removed, *added, *([f"… and {more} more changed lines"] if more else [])]
    return [lines([f"Changes of *{literal(shown.method, 80)}*:", *told])]
