"""What an answer says, so that two of them can be held against each other: the same words, one of a closed set, a language."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pipeline.metrics.code.matching import normalise
from pipeline.metrics.code.overlap import tokens
from pipeline.records import Output, Sample

SHORT = 12
"""Words of an answer whose exact wording can be expected to be the reference's."""
MOST_LABELS, FEWEST = 100, 8
"""Labels of a closed set, and references it takes to see one."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    "English": _words("the and is of to in that it you for are with this your not have can"),
    "German": _words("der die das und ist nicht ein eine sie mit für den auf zu wir ihre auch"),
    "French": _words("le la les et est une des vous pour dans pas que votre nous sur avec du"),
    "Spanish": _words("el los las y es una de que no por para con su está usted del como"),
    "Italian": _words("il lo gli e è una di che non per con del sono della suo questo anche"),
    "Portuguese": _words("o os as e é uma de que não por para com seu está você do como"),
    "Dutch": _words("de het een en is van niet dat je voor met op zijn u wij deze ook"),
}
FEW, CLEAR = 4, 2
"""Function words that show a language, and how many times as many as any other language's."""


@lru_cache(maxsize=20_000)
def key(text: str | None) -> str:
    """A short answer without case, punctuation and articles; empty for a long one, whose wording is its own."""
    said = normalise(text or "")
    return said if len(said.split()) <= SHORT else ""


def answer_key(output: Output | None) -> str:
    return "" if output is None or output.failure is not None else key(output.text)


def closed_set(samples: Sequence[Sample]) -> Mapping[str, str]:
    """The labels of a classification by key, as the references write them; empty where the references are no closed set."""
    references = [s.reference.strip() for s in samples if s.reference and s.reference.strip()]
    labels = {key(reference): reference for reference in sorted(references, reverse=True)}
    closed = len(references) >= FEWEST and "" not in labels and len(labels) <= min(MOST_LABELS, len(references) // 2)
    return labels if closed else {}


def language(text: str) -> str | None:
    """The script where it is not Latin, else one of a few European languages, else None: by rule, and silent when unsure."""
    scripts = Counter(unicodedata.name(c, "").split(" ")[0] for c in text[:400] if c.isalpha())
    if not scripts:
        return None
    main, count = scripts.most_common(1)[0]
    if main != "LATIN":
        return main.title() if 2 * count > scripts.total() else None
    said = Counter(tokens(text[:2000]))
    hits = sorted(((sum(said[w] for w in words), name) for name, words in FUNCTION_WORDS.items()), reverse=True)
    return hits[0][1] if hits[0][0] >= FEW and hits[0][0] >= CLEAR * hits[1][0] else None


def holds(text: str, wanted: str) -> bool:
    """Whether the words of `wanted` stand in `text` one after the other, both as `normalise` leaves them."""
    return bool(wanted) and f" {wanted} " in f" {text} "


def label_in(text: str, labels: Mapping[str, str]) -> str | None:
    """The key of the one label that an answer says, alone or among other words; None where it says none or several."""
    said = normalise(text)
    if said in labels:
        return said
    held = [label for label in labels if holds(said, label)]
    longest = [label for label in held if not any(label != other and holds(other, label) for other in held)]
    return longest[0] if len(longest) == 1 else None
