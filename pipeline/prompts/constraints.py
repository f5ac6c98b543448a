"""Whether a text still states a constraint, in the same words or in other order: no meaning is understood, words are compared.

A constraint is stated by a line or a sentence that has all its numbers and negations and three quarters of its other words.
Words are cut to their first five letters, so that "sentences" meets "sentence". Of a synonym it knows nothing: it is a guard
against loss, and what it refuses a person can look at.
"""

import re

_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_WORD = re.compile(r"[^\W_]+(?:['’]t)?")
_NEGATION = re.compile(r"(?:no|not|never|without|none|avoid|\w+n['’]t)")
_FILLING = re.compile(
    r"an?|do|does|the|of|to|in|on|at|is|are|be|its?|this|that|and|or|for|with|must|should|shall|will|always|please"
)
SHARE = 0.75
STEM = 5
WINDOW = 2
"""A constraint may be spread over this many sentences."""


def kept(constraint: str, text: str) -> bool:
    """Whether `text` states `constraint`; one without any word is always kept."""
    wanted, strict = _parts(constraint)
    if not wanted and not strict:
        return True
    sentences = [_parts(sentence) for sentence in _SENTENCE.split(text)]
    size = max(WINDOW, len(_SENTENCE.split(constraint.strip())))
    return any(_states(sentences[at : at + n], wanted, strict) for n in range(1, size + 1) for at in range(len(sentences)))


def _states(sentences: list[tuple[frozenset[str], frozenset[str]]], wanted: frozenset[str], strict: frozenset[str]) -> bool:
    words = frozenset[str]().union(*(found for found, _ in sentences))
    hard = frozenset[str]().union(*(found for _, found in sentences))
    return strict <= hard and len(wanted & words) >= SHARE * len(wanted)


def _parts(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words that may be missed in part, and what may not: numbers, and that something is negated."""
    words = [word.lower() for word in _WORD.findall(text)]
    negated = {"not" for word in words if _NEGATION.fullmatch(word)}
    soft = {w[:STEM] for w in words if not w.isdigit() and not _FILLING.fullmatch(w) and not _NEGATION.fullmatch(w)}
    return frozenset(soft), frozenset({w for w in words if w.isdigit()} | negated)
