"""What of a sample a library is shown as the question, and what as the text a summary was made from."""

from pipeline.metrics.judge.prompts import task
from pipeline.records import Sample

NOTHING_ASKED = "(nothing but contexts was given)"


def question(sample: Sample) -> str:
    """What a library is told was asked; never empty, because both refuse that."""
    return task(sample) or NOTHING_ASKED


def original(sample: Sample) -> str:
    """The text that was to be summarised: the contexts where there are some, else the longest variable."""
    if sample.contexts:
        return "\n\n".join(sample.contexts)
    return max(sample.variables.values(), key=len, default="")
