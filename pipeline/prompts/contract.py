"""The output contract of a prompt, read from its text and from the references of dev: what an answer must look like."""

import re
from collections import Counter
from collections.abc import Sequence

from pipeline.prompts.template import pieces
from pipeline.records import PromptVersion, Sample, UseCase

_JSON = re.compile(r"\bjson\b", re.IGNORECASE)
_NO_JSON = re.compile(
    r"\b(?:never|not|no|without|avoid|don't)\b(?:(?!\b(?:but|except|other|outside|besides|only|than)\b)[^.!?\n])*\bjson\b",
    re.IGNORECASE,
)
"""A sentence that forbids JSON; "nothing but JSON" and "no text outside the JSON" demand it."""
_CUE = re.compile(r"(?:^|\n)[ \t]*(\S[^\n{}]{0,40}?[:=>])[ \t]*\Z|(?:^|\n)[ \t]*(#{1,4} \S[^\n{}]{0,40})\s*\Z")
MOST_LABELS = 60
CHARACTERS_PER_TOKEN = 3  # cautious: labels with underscores and words outside English cut into short tokens


def references(dev: Sequence[Sample]) -> tuple[str, ...]:
    """The references of dev, trimmed, in the order of the samples; empty ones left out."""
    return tuple(s.reference.strip() for s in dev if s.reference and s.reference.strip())


def answers(dev: Sequence[Sample]) -> tuple[str, ...]:
    """The references of dev, or where it has none what the source answered: how long and of what form an answer is."""
    recorded = (s.recorded.text.strip() for s in dev if s.recorded)
    return references(dev) or tuple(text for text in recorded if text)


def labels(use_case: UseCase, dev: Sequence[Sample]) -> tuple[str, ...]:
    """The closed set of answers of a classification, most frequent first; empty when dev does not show a closed set."""
    counts = Counter(references(dev))
    closed = use_case is UseCase.CLASSIFICATION and counts and len(counts) <= min(MOST_LABELS, max(2, counts.total() // 2))
    return tuple(label for label, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))) if closed else ()


def listed_labels(prompt: PromptVersion, use_case: UseCase, dev: Sequence[Sample]) -> tuple[str, ...]:
    """The labels of dev that the prompt itself names."""
    text = literal_text(prompt)
    return tuple(label for label in labels(use_case, dev) if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text))


def demands_json(prompt: PromptVersion) -> bool:
    return prompt.parameters.json_schema is not None or _JSON.search(_NO_JSON.sub(" ", literal_text(prompt))) is not None


def answer_cue(prompt: PromptVersion) -> str | None:
    """The short last line after which the answer stands (`Intent:`, `### Answer`), or None."""
    parts = pieces(prompt.user, prompt.syntax)
    found = _CUE.search(parts[-1].text) if parts and not parts[-1].variable else None
    return (found[1] or found[2]) if found else None


def single_line(dev: Sequence[Sample]) -> bool:
    """Whether every known answer is one line, so that a line break ends it."""
    known = answers(dev)
    return bool(known) and not any("\n" in text for text in known)


def longest_tokens(dev: Sequence[Sample]) -> int | None:
    """Tokens that hold the longest known answer with room to spare, or None when none is known."""
    known = answers(dev)
    return 8 + max(len(text) for text in known) // CHARACTERS_PER_TOKEN if known else None


def literal_text(prompt: PromptVersion) -> str:
    """All texts without the variables."""
    texts = ("".join(" " if p.variable else p.text for p in pieces(t, prompt.syntax)) for t in prompt.texts)
    return "\n".join(texts)
