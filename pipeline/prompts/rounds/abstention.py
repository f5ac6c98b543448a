"""References that say the answer is not known, where the model answered something: the prompt has to allow that."""

import re
from collections.abc import Sequence

from pipeline.metrics.code.matching import normalise
from pipeline.records import Sample

_UNKNOWN = re.compile(
    r"""\b(?:unknown | n/a | none
      | not\s(?:known|stated|given|mentioned|available|specified|in\sthe\s(?:context|text|document))
      | (?:do(?:es)?\snot|don't|doesn't)\s(?:know|say|state|mention|specify)
      | no\s(?:answer|information) | cannot\sbe\s(?:answered|determined)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
LONGEST = 3
"""Words of a reference that may stand in a prompt: a longer one would repeat a sample's text."""


def abstains(text: str) -> bool:
    """Whether a text says that the answer is not known: a rule of English phrases, short texts only."""
    return len(text.split()) <= 15 and _UNKNOWN.search(text) is not None


def abstention(samples: Sequence[Sample], answers: Sequence[str]) -> str | None:
    """The instruction that is missing where at least half of these samples should have been left unanswered; else None."""
    missed = [
        s.reference or "" for s, said in zip(samples, answers, strict=True) if abstains(s.reference or "") and not abstains(said)
    ]
    if not missed or 2 * len(missed) < len(samples):
        return None
    wanted = {normalise(text) for text in missed}
    shown = missed[0].strip()
    if len(wanted) == 1 and len(shown.split()) <= LONGEST:
        return f"Where the given text does not hold the answer, write exactly: {shown}"
    return "Where the given text does not hold the answer, say that it is not known instead of guessing."
