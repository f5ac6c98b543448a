"""What a mention such as "move our support classifier from GPT-4o to Haiku 4.5" says, for the form to start with."""

import re
from dataclasses import dataclass

MOVE = re.compile(
    r"\b(?:move|migrate|carry|switch|port)\s+(?:our\s+|the\s+|my\s+)?(?P<name>.+?)\s+from\s+(?P<source>.+?)\s+to\s+(?P<targets>.+?)[.!?]*$",
    re.IGNORECASE | re.DOTALL,
)
NAMES = re.compile(r"\s*(?:,|\band\b|\bor\b|\n)\s*")
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """`prefill` are fields of the new-migration form."""

    sentence: str
    prefill: dict[str, str]


def read_opening(text: str) -> Opening:
    """What was understood, and what the button will say; an empty prefill when nothing was."""
    found = MOVE.search(" ".join(text.split()))
    if found is None:
        way = 'Write, for example: "move our support classifier from GPT-4o to Haiku 4.5", or just press the button.'
        return Opening(sentence=f"I carry LLM applications from one model to another. {way}", prefill={})
    name, source = found["name"][:MOST], found["source"][:MOST]
    targets = [each[:MOST] for each in NAMES.split(found["targets"]) if each][:5]
    sentence = f"Move {name} from {source} to {', '.join(targets)}: press the button, check the form, and we start."
    prefill = {"name": name[:1].upper() + name[1:], "source": source, "targets": "\n".join(targets)}
    return Opening(sentence=sentence, prefill=prefill)
