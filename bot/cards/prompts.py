"""The prompt candidates of a round, by target: what each scored on dev, which were refused or fell out, which is used and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks.escape import literal
from bot.buttons import Press
from bot.cards.advpo import NOTHING_ASKED, AdvpoFacts, advpo_buttons, advpo_lines
from bot.cards.kit import Block, Card, actions, bar, button, context, header, lines, mention, section, when
from db.records import Estimate, Improvement
from pipeline.records import Edit, Interval

MOST_TARGETS = 5
ROOM = 45
"""Blocks for targets in one message of fifty; a target needs four and one for each candidate."""
MOST_ROWS = 10
LEGEND = "Figures are the mean on dev of what decides, in brackets its 95 % interval. Dev chooses; test, looked at once, judges."
EDITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFacts:
    """One candidate of one target. `mean` is over the metrics that decide, on `n` samples of dev, with its 95 % `interval`.

    `tokens` are of one call, `usd` of 1,000 calls, 0 where nothing is charged; None stands where a figure is not known. `fell` is
    why the search left it.
    """

    method: str
    prompt_hash: str
    refusal: str | None = None
    chosen: bool = False
    edits: tuple[Edit, ...] = ()
    n: int = 0
    mean: float | None = None
    interval: Interval | None = None
    tokens: float | None = None
    usd: float | None = None
    fell: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts:
    """A target with its candidates in order of cost. `by` chose the one in use at `at`; None where the figures on dev did.

    `untried` are the methods that were not tried, each with the reason, and `advpo` is what there is to optimise on request.
    """

    target: str
    candidates: tuple[CandidateFacts, ...] = ()
    reason: str = ""
    by: str | None = None
    at: datetime | None = None
    untried: tuple[str, ...] = ()
    advpo: AdvpoFacts = NOTHING_ASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsFacts:
    """`dev` counts dev's samples. `on` while candidates are measured or searched for. `calls` of dev are made, `planned` is what
    the approved plan says of them, `spent` what they cost in words; `searches` have a budget of their own by target.
    """

    migration_id: str
    name: str
    round: int
    dev: int
    targets: tuple[TargetFacts, ...]
    on: bool = False
    rests: bool = False
    calls: int = 0
    planned: Estimate | None = None
    spent: str = ""
    searches: tuple[Improvement, ...] = ()


def prompts_card(facts: PromptsFacts) -> Card:
    """A row for each candidate as far as a message has room; what has no row of its own is counted, and a form shows it."""
    shown = facts.targets[:MOST_TARGETS]
    rows = min(MOST_ROWS, ROOM // max(len(shown), 1) - 4)
    blocks: list[Block] = [header(f"Prompts, round {facts.round}: {facts.name}")]
    if used := list(_used(facts)):
        blocks.append(lines(used, what="searches"))
    if facts.on and not facts.rests:
        blocks.append(actions(_stop(facts)))
    for place, target in enumerate(shown):
        blocks.extend(_target(facts, place, target, rows))
    if len(facts.targets) > len(shown):
        blocks.append(context(f"and {len(facts.targets) - len(shown)} more targets; the report files name all candidates."))
    if any(each.interval for target in shown for each in target.candidates):
        blocks.append(context(LEGEND))
    if not shown:
        blocks.append(section("No candidates yet."))
    total = sum(len(target.candidates) for target in facts.targets)
    return Card(text=f"{total} prompt candidate(s) for {literal(facts.name, 200)}", blocks=blocks)


def _used(facts: PromptsFacts) -> Iterator[str]:
    """What is used of what was planned: the candidates on dev, then each target's search."""
    if facts.on and facts.rests:
        yield "Nothing is measured while the migration rests: the status card says why, and how it goes on."
    elif facts.on:
        yield "Candidates are being measured on dev; after each part of it the weaker ones fall out."
    if facts.planned:
        money = "" if facts.planned.usd is None else f" of about {facts.planned.usd:,.2f} USD planned"
        spent = f"; {facts.spent}{money}" if facts.spent else ""
        yield f"*Budget* {facts.calls:,} of about {facts.planned.calls:,} calls planned{spent}"
    for search in facts.searches[:MOST_TARGETS]:
        if search.most_calls:
            money = "" if search.most_usd is None else f", {search.usd or 0.0:,.2f} of at most {search.most_usd:,.2f} USD"
            calls = f"{search.calls:,} of at most {search.most_calls:,} calls{money}"
            yield f"*Search for {literal(search.target, 150)}* {bar(search.calls, search.most_calls)} ({calls})"
        if search.note:
            yield f"      {literal(search.note, 400)}"


def _stop(facts: PromptsFacts) -> Block:
    asked = "Nothing more is spent. What is measured stays, and Resume on the status card goes on from there."
    if any(target.advpo.job and target.advpo.job.is_open for target in facts.targets):
        asked += " An optimisation at AWS goes on: it has a button of its own."
    return button("Stop", "migration_pause", Press(migration=facts.migration_id).dumps(), style="danger", confirm=asked)


def _target(facts: PromptsFacts, place: int, target: TargetFacts, rows: int) -> Iterator[Block]:
    """Those that count first: a refused one and one that fell out need no more than their sentence when room is short."""
    yield section(f"*{literal(target.target, 150)}*\n{_in_use(target)}")
    kept = sorted(sorted(range(len(target.candidates)), key=lambda at: rank(target.candidates[at]))[:rows])
    for candidate in (target.candidates[at] for at in kept):
        press = press_of(facts.migration_id, facts.round, place, candidate.prompt_hash)
        yield section(row(candidate, facts.dev), button("What changed", "prompt_look", press))
    if len(target.candidates) > len(kept):
        yield context(f"and {len(target.candidates) - len(kept)} more candidates: *All candidates* lists them.")
    if beside := [*advpo_lines(target.advpo, rests=facts.rests), *_untried(target)]:
        yield lines(beside, what="remarks")
    every = press_of(facts.migration_id, facts.round, place)
    yield actions(
        button("Try on a sample", "prompt_try", every),
        button("All candidates", "prompt_list", every),
        *advpo_buttons(target.advpo, every),
    )


def _untried(target: TargetFacts) -> Iterator[str]:
    if target.untried:
        yield "*Not tried*"
        yield from (f"• {literal(sentence, 300)}" for sentence in target.untried)


def rank(candidate: CandidateFacts) -> tuple[bool, bool, bool]:
    return not candidate.chosen, candidate.refusal is not None, bool(candidate.fell)


def press_of(migration_id: str, number: int, place: int, prompt_hash: str = "") -> str:
    """What a button about a target's candidate carries; `place` is the target's in the plan of round `number`."""
    return Press(migration=migration_id, question=f"prompts:{number}", answer=f"{place}:{prompt_hash}").dumps()


def _in_use(target: TargetFacts) -> str:
    used = next((each for each in target.candidates if each.chosen), None)
    if used is None:
        return "Not chosen yet."
    whose = f"Chosen by {mention(target.by)} {when(target.at)}" if target.by and target.at else "Chosen on dev"
    return f"{whose}: *{literal(used.method, 80)}*. {literal(target.reason, 600) if target.reason else ''}".rstrip()


def row(candidate: CandidateFacts, dev: int) -> str:
    """A candidate in a few lines: its name with its figures, or the sentence that says why it has none."""
    mark = ":trophy:" if candidate.chosen else ":no_entry:" if candidate.refusal else ":arrow_down:" if candidate.fell else "•"
    said = [f"{mark} *{literal(candidate.method, 80)}* `{candidate.prompt_hash[:8]}`"]
    if candidate.refusal:
        said.append(f"Refused: {literal(candidate.refusal, 500)}")
    else:
        said.append(" · ".join(_figures(candidate, dev)))
    if candidate.fell:
        said.append(literal(candidate.fell, 400))
    said += _edits(candidate.edits)
    return "\n".join(said)


def _figures(candidate: CandidateFacts, dev: int) -> Iterator[str]:
    if candidate.mean is None:
        yield "not measured yet"
        return
    found = candidate.interval
    yield f"*{candidate.mean:.3f}*" + (f" [{found.low:.3f}, {found.high:.3f}]" if found else "")
    yield f"n = {candidate.n:,} of {dev:,} on dev"
    if candidate.tokens is not None:
        yield f"{candidate.tokens:,.0f} tokens a call"
    if candidate.usd:
        yield f"{candidate.usd:,.{2 if candidate.usd >= 1 else 4}f} USD for 1,000 calls"


def _edits(edits: Sequence[Edit]) -> Iterator[str]:
    for edit in edits[:EDITS]:
        yield f"      – {literal(edit.rule, 80)}: {literal(edit.reason, 200)}"
    if len(edits) > EDITS:
        yield f"      – and {len(edits) - EDITS} more changes"


def prompt_lines(facts: PromptsFacts) -> Iterable[str]:
    """The candidates in one line each, for an answer in the thread."""
    for target in facts.targets:
        yield f"*{literal(target.target, 150)}* {_in_use(target)}"
        for each in target.candidates:
            figures = "refused" if each.refusal else ", ".join(_figures(each, facts.dev))
            yield f"• {literal(each.method, 80)} `{each.prompt_hash[:8]}`: {figures}"
