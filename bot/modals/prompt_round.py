"""The form that asks for one more round on dev: one of the proposals, or a person's own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.blocks import limits
from bot.blocks.escape import literal
from bot.buttons import Press, loads
from bot.cards.kit import Block, context, section
from bot.modals import kit

CALLBACK = "prompt_round"
OWN = "own"
WORDS_HINT = "Write the rule as the model shall read it: it is added to the prompt as it is, checked, and measured on dev."
NONE = "I have nothing to propose: no group of failures is large enough. Write what you would change."


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A proposal: its technique, the error group it is about, what and why in a sentence, and what it would take."""

    technique: str
    group: str
    sentence: str
    cost: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`target` is its place in the plan; the proposal's place, or None for `words` of a person's own."""

    press: Press
    target: int
    proposal: int | None
    words: str


def view(press: Press, targets: Sequence[str], offers: Sequence[Sequence[Offer]]) -> dict[str, Any]:
    """`offers` are the proposals by target, in the targets' order; a choice is `target:place` or own words."""
    flat = [(t, p, offer) for t, each in enumerate(offers) for p, offer in enumerate(each)][: limits.LIST_OPTIONS - 1]
    blocks: list[Block] = [section(_told(n, targets[t], offer, len(targets))) for n, (t, _, offer) in enumerate(flat, 1)]
    named = [(f"{t}:{p}", f"{n}. {offer.technique}: {offer.group or 'all samples'}") for n, (t, p, offer) in enumerate(flat, 1)]
    left = sum(map(len, offers)) - len(flat)
    blocks += [context(f"and {left} more proposals that would repair less.")] if left else []
    blocks += [] if flat else [section(NONE)]
    first = named[0][0] if named else OWN
    choice = kit.select([*named, (OWN, "My own words, below")], first) | {"type": "radio_buttons"}
    blocks.append(kit.field("proposal", "What shall be tried?", choice))
    blocks.append(kit.field("words", "Own words", kit.text_input(multiline=True, limit=2000), hint=WORDS_HINT, optional=True))
    if len(targets) > 1:
        of = kit.select([(str(t), name) for t, name in enumerate(targets)], "0")
        blocks.append(kit.field("target", "For which target are your own words?", of, optional=True))
    return kit.modal(CALLBACK, "Another round", blocks, submit="Start the round", meta={"press": press.dumps()})


def read(submitted: kit.View) -> tuple[Wanted | None, dict[str, str]]:
    """What was chosen, or what is missing."""
    texts = {name: kit.text_of(value) for name, value in kit.values(submitted).items()}
    press = loads(kit.meta(submitted).get("press", ""))
    chosen, words = texts.get("proposal", ""), texts.get("words", "")
    if chosen == OWN:
        target = texts.get("target", "")
        wanted = Wanted(press=press, target=int(target) if target.isdecimal() else 0, proposal=None, words=words)
        return (wanted, {}) if words else (None, {"words": "Write what you would change, or choose a proposal."})
    target, _, place = chosen.partition(":")
    if not (target.isdecimal() and place.isdecimal()):
        return None, {"proposal": "Choose a proposal, or your own words."}
    return Wanted(press=press, target=int(target), proposal=int(place), words=words), {}


def _told(number: int, target: str, offer: Offer, targets: int) -> str:
    of = f" · {literal(target, 100)}" if targets > 1 else ""
    group = f" for _{literal(offer.group, 200)}_" if offer.group else ""
    cost = f"\n      {literal(offer.cost, 300)}" if offer.cost else ""
    return f"*{number}. {literal(offer.technique, 40)}*{group}{of}\n      {literal(offer.sentence, 900)}{cost}"
