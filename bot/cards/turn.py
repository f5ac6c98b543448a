"""One turn of a round: what was changed in a prompt and why, what it did to each group of failures, and whether it stays."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.buttons import Press
from bot.cards.kit import Block, Card, actions, button, context, header, lines, mention, section
from db.records import Effect

MOST_GROUPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFacts:
    """`state`: waiting, refused, measured, kept or reverted. `said` is the guard's sentence, or what the figures come to."""

    migration_id: str
    turn_id: str
    name: str
    round: int
    turn: int
    target: str
    technique: str
    group: str
    sentence: str
    state: str
    said: str = ""
    effects: tuple[Effect, ...] = ()
    by: str | None = None


def turn_card(facts: TurnFacts) -> Card:
    """While it is being measured, then with the effect and two buttons, then with who decided."""
    title = f"Round {facts.round}, turn {facts.turn}"
    blocks: list[Block] = [
        header(f"{title}: {facts.technique}"),
        section(f"*{literal(facts.target, 150)}*{_about(facts)}\n{literal(facts.sentence, 1500)}"),
        *_effects(facts),
        *_end(facts),
    ]
    return Card(text=f"{title} of {literal(facts.name, 200)}: {literal(facts.technique, 60)}, {facts.state}", blocks=blocks)


def _about(facts: TurnFacts) -> str:
    return f" · {literal(facts.group, 300)}" if facts.group else ""


def _effects(facts: TurnFacts) -> Iterator[Block]:
    if facts.effects:
        yield section("*What it did on dev*, group by group")
        yield lines((_effect(effect) for effect in facts.effects[:MOST_GROUPS]), what="groups")
    if len(facts.effects) > MOST_GROUPS:
        yield context(f"and {len(facts.effects) - MOST_GROUPS} smaller groups")
    if facts.said:
        yield section(literal(facts.said, 1500))


def _effect(effect: Effect) -> str:
    """The mean of what decides, before and after on the same samples: up is better."""
    if effect.before is None or effect.after is None:
        return f"• {literal(effect.group, 200)}: not scored (n = {effect.n:,})"
    change = effect.after - effect.before
    mark = ":small_red_triangle:" if change > 0 else ":small_red_triangle_down:" if change < 0 else "•"
    known = effect.low is not None and effect.high is not None
    between = f"[{effect.low:+.3f}, {effect.high:+.3f}]" if known else "too few for an interval"
    figures = f"{effect.before:.3f} → *{effect.after:.3f}* ({change:+.3f} {between}, n = {effect.n:,})"
    return f"{mark} {literal(effect.group, 200)}: {figures}"


def _end(facts: TurnFacts) -> Iterator[Block]:
    press = Press(migration=facts.migration_id, question=f"prompts:{facts.round}", answer=facts.turn_id).dumps()
    if facts.state == "waiting":
        yield context("The changed prompt is being measured on dev …")
    elif facts.state == "measured":
        yield actions(
            button("Keep", "round_keep", press, style="primary"),
            button("Revert", "round_revert", press),
        )
    elif facts.state == "refused":
        yield context("Nothing was paid for it: a guard refused the changed prompt. *Another round* tries something else.")
    elif facts.state in {"kept", "reverted"}:
        yield section(f"*{facts.state.capitalize()}* by {mention(facts.by, nobody='Ferry')}")
