"""Rules for Nova."""

from pipeline.prompts.families.rule import Rule, substitute, system_into_user
from pipeline.prompts.families.shared import OTHER_NAMES
from pipeline.prompts.template import pieces
from pipeline.records import PromptVersion

_SOURCE = "Amazon Nova prompting best practices, read 2026-11"


def variables_in_user(prompt: PromptVersion, _ref: str) -> PromptVersion:
    """The system text in the user turn when it holds variables."""
    return system_into_user(prompt) if any(p.variable for p in pieces(prompt.system, prompt.syntax)) else prompt


RULES = (
    Rule(
        id="nova-variables",
        changes="Moves the system text with its variables into the user text.",
        why="Nova's guide keeps what changes from call to call in the user turn.",
        source=_SOURCE,
        lossless=True,
        change=variables_in_user,
    ),
    OTHER_NAMES,
    Rule(
        id="nova-strong-words",
        changes="Writes must and do not in capitals.",
        why="Nova's guide recommends MUST and DO NOT for rules that have to hold.",
        source=_SOURCE,
        lossless=False,
        change=substitute(
            (r"\b[Mm]ust not\b", "MUST NOT"), (r"\bmust\b", "MUST"), (r"\b[Dd]o not\b", "DO NOT"), (r"\b[Dd]on't\b", "DO NOT")
        ),
    ),
)
