"""What to do next about a group of failures: one sentence for each cause and kind."""

from collections.abc import Mapping

from pipeline.models.failures import KINDS
from pipeline.records import Cause

FORMAT: Mapping[str, str] = {
    "empty": "Edit the prompt: say that an answer is always expected, and check the stop sequences.",
    "spelling": "Edit the prompt: show the exact spelling, or let a metric decide that ignores it.",
    "words": "Edit the prompt: say that the answer is the value alone, without a sentence around it, and show one example.",
    "fenced": "Edit the prompt: say that the answer is JSON alone, without a Markdown fence; or use structured output.",
    "prose": "Edit the prompt: say that the answer is JSON alone, without words before or after it; or use structured output.",
    "invalid": "Use structured output where the target has it; else show the exact JSON in the prompt.",
}
PROMPT: Mapping[str, str] = {
    "language": "Edit the prompt: name the language of the answer.",
    "outside": "Edit the prompt: list the allowed answers and say that nothing else is one.",
    "every model": "Edit the prompt: no model gets these right, so it lacks something they need; add an example of this kind.",
}
OTHERS: Mapping[Cause, str] = {
    Cause.TRUNCATION: "Raise max tokens, or ask in the prompt for a shorter answer.",
    Cause.REFUSAL: "Say in the prompt what the request is for; look at the guardrail where one stops it, or try another target.",
    Cause.RETRIEVAL: "Look at retrieval: the passage with the answer did not reach the model, so no prompt can repair these.",
    Cause.REFERENCE: "Ask an SME about the reference before anything is changed for these samples.",
    Cause.PROMPT: "Edit the prompt: say this rule more plainly and put it near the end.",
}
MODEL: Mapping[str, str] = {
    "language": "The other models keep to the language with this prompt: name it once more, or try another target.",
    "outside": "The other models keep to the list with this prompt: repeat it for this target, or try another one.",
}
READ = "Read the examples: add one of this kind from dev to the prompt; if it stays, this target is not up to it."


def next_step(cause: Cause, kind: str) -> str:
    """The sentence; for a failed call the way out that its kind of failure has."""
    if cause is Cause.FAILED_CALL:
        known = KINDS.get(kind)
        return known.way_out if known else "Run the missing samples again; the answers that are there stay."
    if cause is Cause.FORMAT:
        return FORMAT[kind]
    if cause is Cause.MODEL:
        return MODEL.get(kind, READ)
    return PROMPT.get(kind, OTHERS[cause]) if cause is Cause.PROMPT else OTHERS[cause]


def telling_apart(said: str, reference: str) -> str:
    """For a confusion of two labels."""
    return f"Edit the prompt: say what tells '{reference}' from '{said}', with an example of each."
