"""The form that makes a target faster: shorter answers as a round on dev, beside what else there is and what it costs."""

from collections.abc import Sequence
from typing import Any

from bot.buttons import Press
from bot.cards.kit import Block, lines
from bot.faster import FasterFacts, faster_lines
from bot.modals import kit
from bot.modals.prompt_round import Wanted
from bot.modals.prompt_round import read as read_round

CALLBACK = "prompt_faster"
TITLE = "Make it faster"


def view(press: Press, targets: Sequence[FasterFacts]) -> dict[str, Any]:
    """Without a proposal of shorter answers there is nothing to start, only to read."""
    blocks: list[Block] = [lines(faster_lines(target), what="facts") for target in targets]
    offers = [(each.offer.id, f"Shorter answers of {each.target}") for each in targets if each.offer]
    if offers:
        choice = kit.select(offers, offers[0][0]) | {"type": "radio_buttons"}
        blocks.append(kit.field("proposal", "Which round shall be done on dev?", choice))
    submit = "Start the round" if offers else ""
    return kit.modal(CALLBACK, TITLE, blocks, submit=submit, meta={"press": press.dumps()})


def read(submitted: kit.View) -> tuple[Wanted | None, dict[str, str]]:
    return read_round(submitted)
