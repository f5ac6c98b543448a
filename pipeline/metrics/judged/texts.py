"""What of a sample a judge is shown as the question, and what as the text a summary was made from."""

from pipeline.records import Sample

QUESTION, CONTEXT = "question", "context"


def question(sample: Sample) -> str:
    """What was asked: the variable `question`, else all variables but the contexts, with their names where there are several."""
    if asked := sample.variables.get(QUESTION, "").strip():
        return asked
    rest = {name: text for name, text in sorted(sample.variables.items()) if name != CONTEXT and text.strip()}
    if len(rest) == 1:
        return next(iter(rest.values()))
    return "\n".join(f"{name}: {text}" for name, text in rest.items()) or "(nothing but contexts was given)"


def original(sample: Sample) -> str:
    """The text that was to be summarised: the contexts where there are some, else the longest variable."""
    if sample.contexts:
        return "\n\n".join(sample.contexts)
    return max(sample.variables.values(), key=len, default="")
