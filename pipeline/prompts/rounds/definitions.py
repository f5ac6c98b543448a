"""Comments in which people say what a label means, such as "refund: the customer wants money back"."""

import re

from pipeline.prompts.contract import labels
from pipeline.prompts.rounds.port import Scene

_DEFINES = re.compile(r"\s*(?:[:=]|\bmeans\b|\bis (?:for|when|used)\b)\s*\S")
_MARKS = "`\"'“”* "


def tidy(comment: str) -> str:
    """A comment on one line."""
    return " ".join(comment.split())


def defined(comment: str, scene: Scene) -> str | None:
    """The label whose meaning the comment says; None where it is another comment."""
    bare = comment.strip(_MARKS)
    for label in labels(scene.ask.use_case, scene.ask.dev):
        if bare.casefold().startswith(label.casefold()) and _DEFINES.match(bare[len(label) :].lstrip(_MARKS)):
            return label
    return None
