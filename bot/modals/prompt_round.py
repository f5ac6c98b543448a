"""The form that asks for one more round on dev: one of the proposals, or a person's own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from bot.blocks import limits
from bot.blocks.escape import literal
from bot.buttons import Press, loads
from bot.cards.kit import Block, context, section
from bot.modals import kit

CALLBACK = "prompt_round"
OWN = "own"
WORDS_HINT = "Write the rule as the model shall read it: it is added to the prompt as it is, checked, and measured on dev."
LOOKING = "Ferry still looks for what could be tried: open this form again in a minute, or write what you would change."


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A proposal by id: its technique, the error group it is about, what and why in a sentence, and what it would take."""

    id: str
    technique: str
    group: str
    sentence: str
    cost: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The id of a proposal, or a person's own `words` for the target at this place in the plan."""

    press: Press
    proposal: str
    target: int = 0
    words: str = ""


def view(press: Press, targets: Sequence[str], offers: Sequence[Sequence[Offer]], none: str = LOOKING) -> dict[str, Any]:
    """`offers` are the proposals by target, in the targets' order; `none` says why there are none."""
    of_target = [[(target, offer) for offer in each] for target, each in zip(targets, offers, strict=True)]
    ranked = [each for rank in zip_longest(*of_target) for each in rank if each]  # the best of each target, then the second best
    flat = ranked[: limits.LIST_OPTIONS - 1]
    blocks: list[Block] = [section(_told(n, target, offer, len(targets))) for n, (target, offer) in enumerate(flat, 1)]
    named = [(offer.id, f"{n}. {offer.technique}: {offer.group or 'all samples'}") for n, (_, offer) in enumerate(flat, 1)]
    left = sum(map(len, offers)) - len(flat)
    blocks += [context(f"and {left} more, each behind those of its target.")] if left else []
    blocks += [] if flat else [section(literal(none, 1500))]
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
        wanted = Wanted(press=press, proposal="", target=int(target) if target.isdecimal() else 0, words=words)
        return (wanted, {}) if words else (None, {"words": "Write what you would change, or choose a proposal."})
    if not chosen:
        return None, {"proposal": "Choose a proposal, or your own words."}
    return Wanted(press=press, proposal=chosen), {}


def _told(number: int, target: str, offer: Offer, targets: int) -> str:
    of = f" · {literal(target, 100)}" if targets > 1 else ""
    group = f" for _{literal(offer.group, 200)}_" if offer.group else ""
    cost = f"\n      {literal(offer.cost, 300)}" if offer.cost else ""
    return f"*{number}. {literal(offer.technique, 40)}*{group}{of}\n      {literal(offer.sentence, 900)}{cost}"
