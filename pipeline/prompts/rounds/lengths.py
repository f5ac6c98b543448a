"""How long the wanted answers are, in tokens of the target: measured on its own answers, else three characters each."""

import math

from pipeline.prompts.contract import CHARACTERS_PER_TOKEN, answers
from pipeline.prompts.rounds.port import Scene

SPARE = 1.2
"""Room above the longest wanted answers."""
EXTRA = 8
FEWEST = 5
"""Known answers from which on a length can be read."""


def characters_per_token(scene: Scene) -> float:
    """Of the answers the target gave, all together; the cautious figure where their tokens are not known."""
    counted = [(len(o.text), o.usage.output_tokens) for o in scene.outputs if o.text and o.usage and o.usage.output_tokens]
    tokens = sum(count for _, count in counted)
    return sum(size for size, _ in counted) / tokens if tokens else CHARACTERS_PER_TOKEN


def wanted_tokens(scene: Scene, share: float) -> int | None:
    """Tokens of the known answer that is longer than `share` of them; None where fewer than FEWEST are known."""
    known = sorted(len(text) for text in answers(scene.ask.dev))
    if len(known) < FEWEST:
        return None
    return math.ceil(known[min(len(known) - 1, math.ceil(share * len(known)) - 1)] / characters_per_token(scene))


def wanted_words(scene: Scene, share: float) -> int | None:
    """Words of the known answer that is longer than `share` of them, rounded up to a figure people use."""
    known = sorted(len(text.split()) for text in answers(scene.ask.dev))
    if len(known) < FEWEST:
        return None
    words = known[min(len(known) - 1, math.ceil(share * len(known)) - 1)]
    step = 1 if words <= 10 else 5 if words <= 50 else 10
    return math.ceil(words / step) * step


def room(scene: Scene) -> int | None:
    """A limit that holds 99 of 100 known answers with room to spare."""
    longest = wanted_tokens(scene, 0.99)
    return None if longest is None else math.ceil(SPARE * longest) + EXTRA
