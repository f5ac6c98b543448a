"""Whether the contexts of a sample hold what its reference says: its numbers, or most of its words."""

from pipeline.decide.errors.vectors import content_words
from pipeline.metrics.code.numbers import missing, numbers
from pipeline.records import Sample

STEM = 6
"""Letters by which two words are one: "deposited" stands for "deposits"."""
FEW_WORDS, SOME_WORDS = 0.35, 0.75
"""Share of the reference's words below which the contexts lack it; above `SOME_WORDS` a missing number was worked out."""


def lacking(sample: Sample) -> str | None:
    """What of the reference no context says, as a sentence; None where there is evidence, or nothing to look for or in."""
    contexts, reference = "\n".join(sample.contexts), sample.reference or ""
    asked = {word[:STEM] for value in _inputs(sample) for word in content_words(value)}
    wanted = {word[:STEM] for word in content_words(reference) if not word.isdigit()} - asked
    if not contexts.strip() or not (wanted or numbers(reference)):
        return None
    there = {word[:STEM] for word in content_words(contexts, whole=True)}
    share = len(wanted & there) / len(wanted) if wanted else 0.0
    figures = numbers(reference)
    gone = missing(figures, numbers(contexts))
    if figures and len(gone) == len(figures) and share < SOME_WORDS:
        return "No context holds a number of the reference."
    if not figures and share < FEW_WORDS:
        return f"The contexts hold {len(wanted & there)} of the {len(wanted)} words that the reference adds to the question."
    return None


def _inputs(sample: Sample) -> list[str]:
    return [value for name, value in sample.variables.items() if name != "context"]
